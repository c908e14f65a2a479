//! The verdict on one pod: the model's answer and the guarantees', put together (design: "Conforms, precisely").
