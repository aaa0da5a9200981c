//! Just enough of Rust's lexer to tell code from comments and strings. It never fails: what it does not know is
//! punctuation.

/// A piece of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// As written; `::` is one token, every other punctuation a token a character, a literal's text is left out.
    pub text: String,
    /// From 1.
    pub line: usize,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A word, keywords included; a raw one without its `r#`.
    Ident,
    /// A lifetime, a number, a character or a string.
    Literal,
    /// Everything else.
    Punct,
}

/// Tokens in order, and the lines on which a plain comment (not a doc) ends.
pub fn lex(text: &str) -> (Vec<Token>, Vec<usize>) {
    let mut lexer = Lexer { chars: text.chars().collect(), at: 0, line: 1, tokens: Vec::new(), comments: Vec::new() };
    while lexer.at < lexer.chars.len() {
        lexer.step();
    }
    (lexer.tokens, lexer.comments)
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
    comments: Vec<usize>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn bump(&mut self) -> char {
        let c = self.peek(0);
        self.at += 1;
        if c == '\n' {
            self.line += 1;
        }
        c
    }

    fn ended(&self) -> bool {
        self.at >= self.chars.len()
    }

    fn push(&mut self, kind: Kind, text: impl Into<String>, line: usize) {
        self.tokens.push(Token { kind, text: text.into(), line });
    }

    fn step(&mut self) {
        let (c, next, line) = (self.peek(0), self.peek(1), self.line);
        match c {
            _ if c.is_whitespace() => {
                self.bump();
            }
            '/' if next == '/' => self.line_comment(),
            '/' if next == '*' => self.block_comment(),
            '"' => self.string(line),
            '\'' => self.quote(line),
            _ if c.is_alphabetic() || c == '_' => self.word(line),
            _ if c.is_ascii_digit() => {
                self.take_word();
                self.push(Kind::Literal, "", line);
            }
            ':' if next == ':' => {
                self.at += 2;
                self.push(Kind::Punct, "::", line);
            }
            _ => {
                self.bump();
                self.push(Kind::Punct, c, line);
            }
        }
    }

    fn line_comment(&mut self) {
        let doc = matches!(self.peek(2), '/' | '!');
        if !doc {
            self.comments.push(self.line);
        }
        while !self.ended() && self.peek(0) != '\n' {
            self.bump();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while !self.ended() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => {
                    depth += 1;
                    self.at += 2;
                }
                ('*', '/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        break;
                    }
                }
                _ => {
                    self.bump();
                }
            }
        }
        self.comments.push(self.line);
    }

    fn string(&mut self, line: usize) {
        self.bump();
        while !self.ended() {
            match self.bump() {
                '\\' => {
                    self.bump();
                }
                '"' => break,
                _ => {}
            }
        }
        self.push(Kind::Literal, "", line);
    }

    /// A raw string, from its first `#` or `"` on.
    fn raw_string(&mut self, line: usize) {
        let mut hashes = 0;
        while self.peek(0) == '#' {
            hashes += 1;
            self.bump();
        }
        self.bump();
        while !self.ended() {
            if self.bump() == '"' && (0..hashes).all(|i| self.peek(i) == '#') {
                self.at += hashes;
                break;
            }
        }
        self.push(Kind::Literal, "", line);
    }

    /// A character or a lifetime.
    fn quote(&mut self, line: usize) {
        self.bump();
        if self.peek(0) == '\\' {
            self.bump();
            self.bump();
            while !self.ended() && self.bump() != '\'' {}
        } else if self.peek(1) == '\'' {
            self.bump();
            self.bump();
        } else {
            self.take_word();
        }
        self.push(Kind::Literal, "", line);
    }

    fn word(&mut self, line: usize) {
        let word = self.take_word();
        let raw = matches!(word.as_str(), "r" | "br" | "cr");
        match self.peek(0) {
            '"' if raw => self.raw_string(line),
            '#' if raw && matches!(self.peek(1), '#' | '"') => self.raw_string(line),
            '#' if word == "r" => {
                self.bump();
                let word = self.take_word();
                self.push(Kind::Ident, word, line);
            }
            '"' if matches!(word.as_str(), "b" | "c") => self.string(line),
            '\'' if word == "b" => self.quote(line),
            _ => self.push(Kind::Ident, word, line),
        }
    }

    fn take_word(&mut self) -> String {
        let from = self.at;
        while self.peek(0).is_alphanumeric() || self.peek(0) == '_' {
            self.at += 1;
        }
        self.chars[from..self.at].iter().collect()
    }
}
