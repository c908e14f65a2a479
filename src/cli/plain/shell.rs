//! How long a container's command lives, read off its shell script: sleeps, counted loops, traps and exits.
//!
//! Not a shell: whatever it does not know takes no time and succeeds, and conditions that it cannot decide make it give up.

use podcheck_generators::{Attempt, OnTerm};

/// What a command does, as far as it can be told without running it.
pub fn read(command: &[String]) -> Option<Attempt> {
    let program = command.first()?.rsplit('/').next()?;
    let arguments = &command[1..];
    match program {
        "sh" | "bash" | "ash" | "dash" => {
            let script = arguments
                .iter()
                .position(|argument| argument.starts_with('-') && argument.ends_with('c'))?;
            run_script(arguments.get(script + 1)?)
        }
        "sleep" | "true" | "false" | "echo" | "tail" => run_script(&format!("{program} {}", arguments.join(" "))),
        _ => None,
    }
}

/// How a stretch of a script ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It goes on behind, with this exit code of the last command.
    Goes(u8),
    Break,
    Exit(u8),
    Never,
}

/// What has passed so far.
struct Run {
    passed_ms: u32,
    // A shell is process 1 of its container, where signals without a handler do nothing.
    on_term: OnTerm,
}

fn run_script(script: &str) -> Option<Attempt> {
    let statements = statements(script);
    let mut run = Run {
        passed_ms: 0,
        on_term: OnTerm::Ignore,
    };
    let end = run.block(&statements)?;
    let (lives_ms, exit_code) = match end {
        End::Goes(code) | End::Exit(code) => (Some(run.passed_ms), code),
        End::Break => (Some(run.passed_ms), 0),
        End::Never => (None, 0),
    };
    Some(Attempt {
        lives_ms,
        exit_code,
        on_term: run.on_term,
    })
}

impl Run {
    fn block(&mut self, statements: &[Vec<String>]) -> Option<End> {
        let mut index = 0;
        let mut code = 0;
        while let Some(statement) = statements.get(index) {
            let words: Vec<&str> = statement.iter().map(String::as_str).collect();
            index += 1;
            match words[..] {
                ["for" | "while" | "until", ..] => {
                    let length = body(&statements[index..])?;
                    let inside = &statements[index..index + length];
                    index += length + 1;
                    match self.repeat(&words, inside)? {
                        End::Goes(last) => code = last,
                        End::Break => code = 0,
                        end => return Some(end),
                    }
                }
                ["if" | "case" | "function", ..] => return None,
                ["exit", ref rest @ ..] => {
                    return Some(End::Exit(rest.first().map_or(Some(code), |c| c.parse().ok())?));
                }
                ["break", ..] => return Some(End::Break),
                ["sleep", "infinity" | "inf"] | ["tail", "-f" | "-F", ..] => return Some(End::Never),
                ["sleep", time] => {
                    self.passed_ms = self.passed_ms.checked_add(time_ms(time)?)?;
                    code = 0;
                }
                ["trap", action, ref signals @ ..] => {
                    if signals
                        .iter()
                        .any(|signal| matches!(*signal, "TERM" | "SIGTERM" | "15" | "EXIT" | "0"))
                    {
                        self.on_term = trap(action);
                    }
                }
                ["exec", ref rest @ ..] => {
                    let rest: Vec<String> = rest.iter().map(|word| (*word).to_owned()).collect();
                    return match self.block(&[rest])? {
                        End::Goes(code) => Some(End::Exit(code)),
                        end => Some(end),
                    };
                }
                ["false", ..] => code = 1,
                _ => code = 0,
            }
        }
        Some(End::Goes(code))
    }

    fn repeat(&mut self, head: &[&str], body: &[Vec<String>]) -> Option<End> {
        let times = match head {
            ["while", "true" | ":" | "1", ..] | ["until", "false", ..] => None,
            ["while", "[", "1", "]", ..] => None,
            ["for", _, "in", items @ ..] => Some(items.iter().map(|item| count(item)).sum::<Option<u32>>()?),
            _ => return None,
        };
        let mut code = 0;
        for _ in 0..times.unwrap_or(1) {
            match self.block(body)? {
                End::Goes(last) => code = last,
                End::Break => return Some(End::Goes(0)),
                end => return Some(end),
            }
        }
        Some(if times.is_none() { End::Never } else { End::Goes(code) })
    }
}

/// Statements up to the `done` that closes a loop whose `do` may come first.
fn body(statements: &[Vec<String>]) -> Option<usize> {
    let mut depth = 0;
    for (index, statement) in statements.iter().enumerate() {
        match statement.first().map(String::as_str) {
            Some("for" | "while" | "until") => depth += 1,
            Some("done") if depth == 0 => return Some(index),
            Some("done") => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The number of words that an item of a `for` list stands for.
fn count(item: &str) -> Option<u32> {
    let range = |from: &str, to: &str| Some((to.parse::<u32>().ok()? + 1).saturating_sub(from.parse().ok()?));
    if let Some(inside) = item.strip_prefix("$(seq ").or(item.strip_prefix("`seq ")) {
        let numbers: Vec<&str> = inside.trim_end_matches([')', '`']).split_whitespace().collect();
        return match numbers[..] {
            [to] => range("1", to),
            [from, to] => range(from, to),
            _ => None,
        };
    }
    if let Some((from, to)) = item
        .strip_prefix('{')
        .and_then(|it| it.strip_suffix('}')?.split_once(".."))
    {
        return range(from, to);
    }
    if item.starts_with(['$', '`']) { None } else { Some(1) }
}

fn time_ms(text: &str) -> Option<u32> {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let factor = match unit {
        "" | "s" => 1_000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        "d" => 86_400_000.0,
        _ => return None,
    };
    let time_ms = number.parse::<f64>().ok()? * factor;
    // The conversion saturates; longer than any observation is as good as for ever.
    (time_ms >= 0.0).then_some(time_ms as u32)
}

/// What a trap does: exits after its sleeps, or goes on as if nothing had happened.
fn trap(action: &str) -> OnTerm {
    let mut run = Run {
        passed_ms: 0,
        on_term: OnTerm::Ignore,
    };
    match run.block(&statements(action)) {
        Some(End::Exit(code)) => OnTerm::Exit {
            code,
            after_ms: run.passed_ms,
        },
        _ => OnTerm::Ignore,
    }
}

/// Cuts a script into statements of words; quotes and `$(…)` hold together, `do` and `then` are dropped.
fn statements(script: &str) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = vec![Vec::new()];
    let mut word = String::new();
    let mut quote = None;
    let mut depth = 0;
    let mut comment = false;
    for c in script.chars().chain(['\n']) {
        if comment && c != '\n' {
            continue;
        }
        comment = false;
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => word.push(c),
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => {
                depth += 1;
                word.push(c);
            }
            (None, ')') => {
                depth -= 1;
                word.push(c);
            }
            (None, _) if depth > 0 => word.push(c),
            (None, '#') if word.is_empty() => comment = true,
            (None, ' ' | '\t') => end_word(&mut found, &mut word),
            (None, '\n' | ';' | '&' | '|') => {
                end_word(&mut found, &mut word);
                found.push(Vec::new());
            }
            (None, _) => word.push(c),
        }
    }
    found.retain(|statement| !statement.is_empty());
    found
}

fn end_word(found: &mut [Vec<String>], word: &mut String) {
    let word = std::mem::take(word);
    let Some(statement) = found.last_mut() else { return };
    let is_filler = statement.is_empty() && matches!(word.as_str(), "do" | "then");
    if !word.is_empty() && !is_filler {
        statement.push(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(script: &str) -> Option<(Option<u32>, u8)> {
        let command = ["sh", "-c", script].map(str::to_owned);
        read(&command).map(|attempt| (attempt.lives_ms, attempt.exit_code))
    }

    #[test]
    fn scripts_of_the_documents_are_understood() {
        assert_eq!(
            life("echo \"starting; sleep 5\"\nsleep 10\necho done"),
            Some((Some(10_000), 0))
        );
        assert_eq!(
            life("for i in $(seq 1 5); do\n echo \"$i/5\"\n sleep 3\ndone\necho ok"),
            Some((Some(15_000), 0))
        );
        assert_eq!(life("while true; do echo a; sleep 3; done"), Some((None, 0)));
        assert_eq!(life("sleep 2; exit 1"), Some((Some(2_000), 1)));
        assert_eq!(
            life("for i in 1 2; do for j in {1..3}; do sleep 1; done; done"),
            Some((Some(6_000), 0))
        );
        assert_eq!(
            life("while true; do sleep 1; break; done; sleep 1"),
            Some((Some(2_000), 0))
        );
        assert_eq!(life("exec sleep infinity"), Some((None, 0)));
        assert_eq!(
            life("trap 'sleep 0; exit 0' TERM; sleep 2 & wait $!; exit 0"),
            Some((Some(2_000), 0))
        );
        assert_eq!(life("sleep 0.5m # a while"), Some((Some(30_000), 0)));
        assert_eq!(life("false"), Some((Some(0), 1)));
    }

    #[test]
    fn what_cannot_be_decided_is_not_guessed() {
        assert_eq!(life("until nslookup mysql; do sleep 5; done"), None);
        assert_eq!(life("if [ -f a ]; then exit 1; fi"), None);
        assert_eq!(life("sleep $TIME"), None);
        assert_eq!(read(&["nginx".to_owned()]), None);
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn a_trap_says_how_it_ends() {
        let attempt = read(&["sh", "-c", "trap 'sleep 2; exit 3' TERM; sleep 100"].map(str::to_owned));
        let on_term = attempt.map(|attempt| attempt.on_term);
        assert_eq!(
            on_term,
            Some(OnTerm::Exit {
                code: 3,
                after_ms: 2_000
            })
        );
        let attempt = read(&["/bin/sleep", "5"].map(str::to_owned));
        assert_eq!(
            attempt.map(|attempt| (attempt.lives_ms, attempt.on_term)),
            Some((Some(5_000), OnTerm::Ignore))
        );
    }
}
