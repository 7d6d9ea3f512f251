//! What machine code speaks of: registers, masks, operands, instructions.

/// A vector register, 0 to 31.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Zmm(pub(super) u8);

/// A mask register; 0 stands for no mask where an instruction takes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mask(pub(super) u8);

/// No mask.
pub(super) const ALL: Mask = Mask(0);

/// What the address in a register belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    /// The columns, moved on by a vector in each round: rbx.
    Columns,
    /// The constants: rbp.
    Constants,
    /// Places for values that find no register: r15.
    Slots,
}

impl Base {
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Columns => 3,
            Self::Constants => 5,
            Self::Slots => 15,
        }
    }
}

/// The last operand of an instruction, which may stand in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operand {
    Register(Zmm),
    /// Eight numbers, so many bytes from a base.
    Memory(Base, i32),
    /// One number for all; where vectors are those of AVX2, it stands there once for each lane.
    Spread(Base, i32),
}

/// An instruction on vectors of 64-bit lanes: its map of opcodes, its opcode, and whether its operand
/// in memory is a single number by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form(pub(super) u8, pub(super) u8, pub(super) bool);

pub(super) const LOAD: Form = Form(1, 0x28, false);
pub(super) const STORE: Form = Form(1, 0x29, false);
pub(super) const SPREAD: Form = Form(2, 0x19, true);
pub(super) const ADD: Form = Form(1, 0x58, false);
pub(super) const MULTIPLY: Form = Form(1, 0x59, false);
pub(super) const SUBTRACT: Form = Form(1, 0x5C, false);
/// The first where it is less, else the second.
pub(super) const LESS: Form = Form(1, 0x5D, false);
pub(super) const DIVIDE: Form = Form(1, 0x5E, false);
/// The first where it is greater, else the second.
pub(super) const MORE: Form = Form(1, 0x5F, false);
pub(super) const AND: Form = Form(1, 0x54, false);
pub(super) const OR: Form = Form(1, 0x56, false);
pub(super) const XOR: Form = Form(1, 0x57, false);
/// The second where the mask says so, else the first.
pub(super) const BLEND: Form = Form(2, 0x65, false);
/// The product of both is added to what the target holds, with one rounding.
pub(super) const ADD_PRODUCT: Form = Form(2, 0xB8, false);
pub(super) const COMPARE: Form = Form(1, 0xC2, false);
pub(super) const TEST: Form = Form(2, 0x27, false);
pub(super) const ROOT: Form = Form(1, 0x51, false);
pub(super) const TO_WHOLE: Form = Form(3, 0x09, false);
pub(super) const RANGE: Form = Form(3, 0x50, false);
/// By the low bits of each lane of the first, a lane of the second.
pub(super) const PERMUTE: Form = Form(2, 0x16, false);

/// How vectors are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Equal = 0,
    Less = 1,
    LessEqual = 2,
    /// One of them is NaN.
    Unordered = 3,
    /// Also where one is NaN.
    NotEqual = 4,
    GreaterEqual = 13,
    Greater = 14,
}

/// Which vectors code works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// Four numbers, by AVX2.
    Narrow,
    /// Eight numbers, by AVX-512.
    Wide,
}

impl Width {
    /// Numbers of a vector.
    pub(super) const fn lanes(self) -> usize {
        match self {
            Self::Narrow => 4,
            Self::Wide => 8,
        }
    }

    /// How often a constant stands side by side.
    pub(super) const fn copies(self) -> usize {
        match self {
            Self::Narrow => 4,
            Self::Wide => 1,
        }
    }

    /// Registers that there are.
    pub(super) const fn registers(self) -> u8 {
        match self {
            Self::Narrow => 16,
            Self::Wide => 32,
        }
    }

    /// The first of them, as many as may hold values.
    pub(super) const fn for_values(self) -> usize {
        match self {
            Self::Narrow => 12,
            Self::Wide => 28,
        }
    }
}
