//! Functions by what columns need to know of them.

use gantry_workbook::functions::{self, Function};

use crate::lane::Kinds;

/// Functions of ranges that see nothing but the values, and give a number or an error: they may be
/// called with arrays in place of references.
const NUMBERS_OF_VALUES: &[&str] = &[
    "SUM",
    "SUMSQ",
    "PRODUCT",
    "MULTINOMIAL",
    "SUMPRODUCT",
    "SUMXMY2",
    "SUMX2MY2",
    "SUMX2PY2",
    "SERIESSUM",
    "MDETERM",
    "AVERAGE",
    "AVERAGEA",
    "MAX",
    "MIN",
    "MAXA",
    "MINA",
    "VAR",
    "VAR.S",
    "VARP",
    "VAR.P",
    "VARA",
    "VARPA",
    "STDEV",
    "STDEV.S",
    "STDEVP",
    "STDEV.P",
    "STDEVA",
    "STDEVPA",
    "DEVSQ",
    "AVEDEV",
    "GEOMEAN",
    "HARMEAN",
    "SKEW",
    "SKEW.P",
    "KURT",
    "COUNT",
    "COUNTA",
    "MEDIAN",
    "PERCENTILE",
    "PERCENTILE.INC",
    "PERCENTILE.EXC",
    "QUARTILE",
    "QUARTILE.INC",
    "QUARTILE.EXC",
    "PERCENTRANK",
    "PERCENTRANK.INC",
    "PERCENTRANK.EXC",
    "LARGE",
    "SMALL",
    "MODE",
    "MODE.SNGL",
    "TRIMMEAN",
    "PROB",
    "CORREL",
    "PEARSON",
    "RSQ",
    "COVAR",
    "COVARIANCE.P",
    "COVARIANCE.S",
    "SLOPE",
    "INTERCEPT",
    "STEYX",
    "FORECAST",
    "FORECAST.LINEAR",
    "NPV",
    "IRR",
    "MIRR",
    "XNPV",
    "XIRR",
    "FVSCHEDULE",
    "MATCH",
    "XMATCH",
    "NETWORKDAYS",
    "WORKDAY",
    "YEARFRAC",
    "PRICE",
    "YIELD",
    "DURATION",
];

/// Functions of ranges that see nothing but the values, and give one value of any kind.
const OTHERS_OF_VALUES: &[&str] = &[
    "T.TEST",
    "F.TEST",
    "CHISQ.TEST",
    "TTEST",
    "FTEST",
    "CHITEST",
    "Z.TEST",
    "ZTEST",
    "AND",
    "OR",
    "XOR",
    "VLOOKUP",
    "HLOOKUP",
    "CONCAT",
    "TEXTJOIN",
    "NETWORKDAYS.INTL",
    "WORKDAY.INTL",
    "AMORLINC",
    "AMORDEGRC",
    "COUPDAYBS",
    "COUPDAYS",
    "COUPDAYSNC",
    "COUPNUM",
    "COUPNCD",
    "COUPPCD",
    "MDURATION",
    "ACCRINT",
    "ACCRINTM",
    "DISC",
    "INTRATE",
    "YIELDDISC",
    "RECEIVED",
    "PRICEDISC",
    "PRICEMAT",
    "YIELDMAT",
    "TBILLPRICE",
    "TBILLYIELD",
    "TBILLEQ",
    "TEXTBEFORE",
    "TEXTAFTER",
];

/// Functions of single values that give a number or an error, beside the kernels.
const NUMBERS: &[&str] = &[
    "PV",
    "FV",
    "PMT",
    "IPMT",
    "PPMT",
    "CUMIPMT",
    "CUMPRINC",
    "ISPMT",
    "NPER",
    "RATE",
    "RRI",
    "PDURATION",
    "EFFECT",
    "NOMINAL",
    "SLN",
    "SYD",
    "DB",
    "DDB",
    "VDB",
    "LOG",
    "TRUNC",
    "QUOTIENT",
    "MROUND",
    "CEILING.MATH",
    "FLOOR.MATH",
    "CEILING.PRECISE",
    "FLOOR.PRECISE",
    "ISO.CEILING",
    "NORM.DIST",
    "NORM.INV",
    "NORM.S.DIST",
    "NORMDIST",
    "NORMINV",
    "LOGNORM.DIST",
    "LOGNORM.INV",
    "LOGNORMDIST",
    "LOGINV",
    "BETA.DIST",
    "BETA.INV",
    "BETADIST",
    "BETAINV",
    "GAMMA.DIST",
    "GAMMA.INV",
    "GAMMADIST",
    "GAMMAINV",
    "EXPON.DIST",
    "EXPONDIST",
    "WEIBULL.DIST",
    "WEIBULL",
    "BINOM.DIST",
    "BINOM.INV",
    "BINOMDIST",
    "CRITBINOM",
    "POISSON.DIST",
    "POISSON",
    "T.INV",
    "TINV",
    "CHISQ.INV",
    "CHIINV",
    "F.INV",
    "FINV",
    "STANDARDIZE",
    "YEAR",
    "MONTH",
    "DAY",
    "HOUR",
    "MINUTE",
    "SECOND",
    "WEEKDAY",
    "DATE",
    "EDATE",
    "EOMONTH",
    "DAYS",
    "DAYS360",
    "LEN",
    "FIND",
    "SEARCH",
    "VALUE",
    "BINOM.DIST.RANGE",
    "CHIDIST",
    "CHISQ.DIST",
    "CHISQ.DIST.RT",
    "CHISQ.INV.RT",
    "CONFIDENCE",
    "CONFIDENCE.NORM",
    "CONFIDENCE.T",
    "DELTA",
    "GESTEP",
    "DOLLARDE",
    "DOLLARFR",
    "ERF",
    "ERF.PRECISE",
    "ERFC",
    "ERFC.PRECISE",
    "F.DIST",
    "F.DIST.RT",
    "FDIST",
    "F.INV.RT",
    "HYPGEOM.DIST",
    "HYPGEOMDIST",
    "NEGBINOM.DIST",
    "NEGBINOMDIST",
    "T.DIST",
    "T.DIST.2T",
    "T.DIST.RT",
    "TDIST",
    "T.INV.2T",
    "ISOWEEKNUM",
    "WEEKNUM",
    "TIME",
    "BESSELI",
    "BESSELJ",
    "BESSELK",
    "BESSELY",
];

/// Functions of single values that give a truth value or an error.
const TRUTHS: &[&str] = &[
    "ISERR",
    "ISERROR",
    "ISNA",
    "ISNUMBER",
    "ISTEXT",
    "ISNONTEXT",
    "ISLOGICAL",
    "ISBLANK",
    "ISEVEN",
    "ISODD",
];

/// Functions that the compiler turns into operations of columns, beside those that are kernels.
const OWN_FORM: &[&str] = &[
    "RAND",
    "RANDBETWEEN",
    "SUM",
    "MIN",
    "MAX",
    "AVERAGE",
    "AND",
    "OR",
    "NOT",
    "NPV",
    "IRR",
    "SUMPRODUCT",
    "SUMIF",
    "SUMIFS",
    "COUNTIF",
    "COUNTIFS",
    "TREND",
    "TRANSPOSE",
    "INDEX",
    "MATCH",
    "VLOOKUP",
    "HLOOKUP",
    "LOOKUP",
    "IF",
    "IFS",
    "SWITCH",
    "CHOOSE",
    "IFERROR",
    "IFNA",
    "LET",
];

/// Whether a function may be called with arrays in place of references.
pub(super) fn is_of_values(name: &str) -> bool {
    NUMBERS_OF_VALUES.contains(&name) || OTHERS_OF_VALUES.contains(&name)
}

/// What a function gives, beside an error.
pub(super) fn kinds_of_result(name: &str) -> Kinds {
    if NUMBERS.contains(&name) || NUMBERS_OF_VALUES.contains(&name) {
        Kinds::NUMBER
    } else if TRUTHS.contains(&name) {
        Kinds::BOOL
    } else {
        Kinds::ANY
    }
}

/// Whether a function is computed in columns: a kernel, an operation of its own, or a function of
/// single values whose results are one number each.
#[must_use]
pub fn is_in_columns(function: &Function) -> bool {
    let name = &function.name;
    function.is_kernel() || [OWN_FORM, NUMBERS, TRUTHS].iter().any(|list| list.contains(name))
}

/// How many functions the workbook has, how many of them are computed in columns, and how many
/// more stand in a column program but are called with values of any kind.
#[must_use]
pub fn count_functions() -> (usize, usize, usize) {
    let all = functions::all();
    let columns = all.iter().filter(|f| is_in_columns(f)).count();
    let callable = |f: &&Function| f.is_scalar() || is_of_values(f.name);
    let called = all.iter().filter(|f| callable(f) && !is_in_columns(f)).count();
    (all.len(), columns, called)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_name_functions_that_exist_and_none_twice() {
        let lists = [NUMBERS_OF_VALUES, OTHERS_OF_VALUES, NUMBERS, TRUTHS];
        let mut names: Vec<&str> = lists.concat();
        for name in names.iter().chain(OWN_FORM) {
            assert!(functions::find(name).is_some(), "{name}");
        }
        for name in NUMBERS.iter().chain(TRUTHS) {
            let function = functions::find(name).map(functions::get);
            assert!(function.is_some_and(|f| f.is_scalar() && !f.is_kernel()), "{name}");
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn columns_compute_as_many_functions_as_are_promised() {
        let (all, columns, _) = count_functions();
        assert!(all >= 400 && columns >= 150, "{columns} of {all}");
    }
}
