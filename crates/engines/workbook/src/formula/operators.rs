//! Operators and errors of the parser as ours.

use formualizer_parse::{BinaryOperator, ExcelErrorKind, UnaryOperator};

use super::convert::ParseError;
use super::{BinaryOp, UnaryOp};
use crate::value::ErrorKind;

pub(super) fn error_kind(kind: ExcelErrorKind) -> ErrorKind {
    match kind {
        ExcelErrorKind::Null => ErrorKind::Null,
        ExcelErrorKind::Ref => ErrorKind::Ref,
        ExcelErrorKind::Name => ErrorKind::Name,
        ExcelErrorKind::Div => ErrorKind::Div0,
        ExcelErrorKind::Na => ErrorKind::Na,
        ExcelErrorKind::Num => ErrorKind::Num,
        ExcelErrorKind::Spill => ErrorKind::Spill,
        ExcelErrorKind::Calc => ErrorKind::Calc,
        ExcelErrorKind::Value
        | ExcelErrorKind::Error
        | ExcelErrorKind::NImpl
        | ExcelErrorKind::Circ
        | ExcelErrorKind::Cancelled
        | _ => ErrorKind::Value,
    }
}

pub(super) fn unary_op(op: UnaryOperator) -> Result<UnaryOp, ParseError> {
    Ok(match op {
        UnaryOperator::Plus => UnaryOp::Plus,
        UnaryOperator::Minus => UnaryOp::Minus,
        UnaryOperator::Percent => UnaryOp::Percent,
        UnaryOperator::Spill => UnaryOp::Spill,
        UnaryOperator::ImplicitIntersection => UnaryOp::Intersect,
        other => return Err(ParseError(format!("unknown operator {other}"))),
    })
}

pub(super) fn binary_op(op: BinaryOperator) -> Result<BinaryOp, ParseError> {
    Ok(match op {
        BinaryOperator::Add => BinaryOp::Add,
        BinaryOperator::Subtract => BinaryOp::Subtract,
        BinaryOperator::Multiply => BinaryOp::Multiply,
        BinaryOperator::Divide => BinaryOp::Divide,
        BinaryOperator::Power => BinaryOp::Power,
        BinaryOperator::Concat => BinaryOp::Concat,
        BinaryOperator::Equal => BinaryOp::Equal,
        BinaryOperator::NotEqual => BinaryOp::NotEqual,
        BinaryOperator::Less => BinaryOp::Less,
        BinaryOperator::Greater => BinaryOp::Greater,
        BinaryOperator::LessEqual => BinaryOp::LessEqual,
        BinaryOperator::GreaterEqual => BinaryOp::GreaterEqual,
        BinaryOperator::Range => BinaryOp::Range,
        BinaryOperator::Union => BinaryOp::Union,
        BinaryOperator::Intersection => BinaryOp::Intersection,
        other => return Err(ParseError(format!("unknown operator {other}"))),
    })
}
