//! Sums, differences, products and quotients of columns: `net + vat * 0.2`.

use serde::{Deserialize, Serialize};

/// An expression over modelled columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Expression {
    Number(f64),
    Column(usize),
    Add(Box<Self>, Box<Self>),
    Subtract(Box<Self>, Box<Self>),
    Multiply(Box<Self>, Box<Self>),
    Divide(Box<Self>, Box<Self>),
}

/// Deeper brackets are refused.
const DEEPEST: usize = 32;

impl Expression {
    /// Reads an expression; `find` gives the column of a name.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn parse(
        text: &str,
        find: &dyn Fn(&str) -> Result<usize, String>,
    ) -> Result<Self, String> {
        let tokens = split(text)?;
        let mut reader = Reader { tokens: &tokens, at: 0, find };
        let expression = reader.sum(0)?;
        match reader.peek() {
            None => Ok(expression),
            Some(token) => Err(format!("has `{}` where it should end", token.text())),
        }
    }

    /// The value in a row; NaN where a cell is missing or the divisor is zero.
    pub(crate) fn evaluate(&self, row: &dyn Fn(usize) -> f64) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Column(column) => row(*column),
            Self::Add(a, b) => a.evaluate(row) + b.evaluate(row),
            Self::Subtract(a, b) => a.evaluate(row) - b.evaluate(row),
            Self::Multiply(a, b) => a.evaluate(row) * b.evaluate(row),
            Self::Divide(a, b) => {
                let divisor = b.evaluate(row);
                if divisor == 0.0 { f64::NAN } else { a.evaluate(row) / divisor }
            }
        }
    }

    /// The columns that it reads.
    pub(super) fn find_columns(&self) -> Vec<usize> {
        match self {
            Self::Number(_) => Vec::new(),
            Self::Column(column) => vec![*column],
            Self::Add(a, b) | Self::Subtract(a, b) | Self::Multiply(a, b) | Self::Divide(a, b) => {
                let mut columns = a.find_columns();
                columns.extend(b.find_columns());
                columns
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Name(String),
    Sign(char),
}

impl Token {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Name(name) => name.clone(),
            Self::Sign(sign) => sign.to_string(),
        }
    }
}

fn split(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let take = |test: &dyn Fn(char) -> bool| {
            let end = rest.find(|letter| !test(letter)).unwrap_or(rest.len());
            rest.split_at(end)
        };
        if "+-*/()".contains(first) {
            tokens.push(Token::Sign(first));
            rest = rest.get(1..).unwrap_or("");
        } else if first.is_ascii_digit() || first == '.' {
            let (number, left) = take(&|c| c.is_ascii_digit() || c == '.');
            let value =
                number.parse().map_err(|_| format!("has `{number}`, which is no number"))?;
            tokens.push(Token::Number(value));
            rest = left;
        } else if first == '`' || first == '"' {
            let inner = rest.get(1..).unwrap_or("");
            let end = inner.find(first).ok_or("has a quote that does not end")?;
            tokens.push(Token::Name(inner.get(..end).unwrap_or("").to_owned()));
            rest = inner.get(end + 1..).unwrap_or("");
        } else if first.is_alphabetic() || first == '_' {
            let (name, left) = take(&|c| c.is_alphanumeric() || c == '_' || c == '.');
            tokens.push(Token::Name(name.to_owned()));
            rest = left;
        } else {
            return Err(format!("has `{first}`, which no formula knows"));
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    find: &'a dyn Fn(&str) -> Result<usize, String>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn eat(&mut self, signs: &str) -> Option<char> {
        match self.peek() {
            Some(Token::Sign(sign)) if signs.contains(*sign) => {
                let sign = *sign;
                self.at += 1;
                Some(sign)
            }
            _ => None,
        }
    }

    fn sum(&mut self, depth: usize) -> Result<Expression, String> {
        let mut left = self.product(depth)?;
        while let Some(sign) = self.eat("+-") {
            let right = Box::new(self.product(depth)?);
            left = match sign {
                '+' => Expression::Add(Box::new(left), right),
                _ => Expression::Subtract(Box::new(left), right),
            };
        }
        Ok(left)
    }

    fn product(&mut self, depth: usize) -> Result<Expression, String> {
        let mut left = self.atom(depth)?;
        while let Some(sign) = self.eat("*/") {
            let right = Box::new(self.atom(depth)?);
            left = match sign {
                '*' => Expression::Multiply(Box::new(left), right),
                _ => Expression::Divide(Box::new(left), right),
            };
        }
        Ok(left)
    }

    fn atom(&mut self, depth: usize) -> Result<Expression, String> {
        if depth > DEEPEST {
            return Err("has too many brackets in brackets".into());
        }
        if self.eat("-").is_some() {
            let inner = Box::new(self.atom(depth + 1)?);
            return Ok(Expression::Subtract(Box::new(Expression::Number(0.0)), inner));
        }
        if self.eat("(").is_some() {
            let inner = self.sum(depth + 1)?;
            return match self.eat(")") {
                Some(_) => Ok(inner),
                None => Err("has a bracket that does not end".into()),
            };
        }
        let token = self.peek().cloned().ok_or("ends where a column or number should stand")?;
        self.at += 1;
        match token {
            Token::Number(number) => Ok(Expression::Number(number)),
            Token::Name(name) => Ok(Expression::Column((self.find)(&name)?)),
            Token::Sign(sign) => Err(format!("has `{sign}` where a column or number should stand")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_before_lines_and_brackets_before_both() {
        let find = |name: &str| match name {
            "a" => Ok(0),
            "b c" => Ok(1),
            other => Err(format!("has no `{other}`")),
        };
        let value = |text: &str| {
            let row = |column: usize| [3.0, 4.0][column];
            Expression::parse(text, &find).map(|expression| expression.evaluate(&row))
        };
        assert_eq!(value("a + `b c` * 2"), Ok(11.0));
        assert_eq!(value("-(a - \"b c\") / 0.5"), Ok(2.0));
        assert!(value("a / (a - 3)").unwrap().is_nan());
        for wrong in ["a +", "(a", "a b", "x", "a % 2", "1.2.3", "`a"] {
            assert!(value(wrong).is_err(), "{wrong}");
        }
    }
}
