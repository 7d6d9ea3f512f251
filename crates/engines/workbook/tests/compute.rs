//! Formulas and their known values: the examples of Excel's documentation, the rules that make
//! Excel's results, references of every kind, arrays and circles.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

mod sheets;

use gantry_workbook::{ErrorKind, Value};
use sheets::{build, computed};

#[track_caller]
fn check(cases: &[(&str, f64)]) {
    for (formula, want) in cases {
        match computed(formula) {
            Value::Number(x) => {
                assert!(
                    (x - want).abs() <= 1e-9 * want.abs().max(1e-9),
                    "{formula}: {x}, not {want}"
                );
            }
            other => panic!("{formula}: {other:?}, not {want}"),
        }
    }
}

#[track_caller]
fn check_text(cases: &[(&str, &str)]) {
    for (formula, want) in cases {
        assert_eq!(computed(formula), Value::text(want), "{formula}");
    }
}

#[track_caller]
fn check_error(cases: &[(&str, ErrorKind)]) {
    for (formula, want) in cases {
        assert_eq!(computed(formula), Value::Error(*want), "{formula}");
    }
}

#[test]
fn operators_bind_as_in_excel() {
    check(&[
        ("-2^2", 4.0),
        ("2^3^2", 64.0),
        ("10%*5", 0.5),
        ("1+2*3", 7.0),
        ("--3", 3.0),
        ("6/2*3", 9.0),
    ]);
    check_text(&[("1&2+3", "15"), ("\"a\"&TRUE&0.1", "aTRUE0.1")]);
    assert_eq!(computed("1=1=TRUE"), Value::Bool(true));
    assert_eq!(computed("0.5-0.4-0.1"), Value::Number(0.0));
    assert_ne!(computed("1*(0.5-0.4-0.1)"), Value::Number(0.0));
    assert_eq!(computed("0.1+0.2=0.3"), Value::Bool(true));
}

#[test]
fn mathematics() {
    check(&[
        ("ROUND(2.15,1)", 2.2),
        ("ROUND(-1.475,2)", -1.48),
        ("MOD(-3,2)", 1.0),
        ("CEILING(-2.5,2)", -2.0),
        ("FLOOR(3.7,2)", 2.0),
        ("LOG(86,2.7182818)", 4.454_347_342_888),
        ("COMBIN(8,2)", 28.0),
        ("FACTDOUBLE(7)", 105.0),
        ("GCD(24,36)", 12.0),
        ("LCM(24,36)", 72.0),
        ("MULTINOMIAL(2,3,4)", 1260.0),
        ("MDETERM({1,3,8,5;1,3,6,1;1,1,1,0;7,3,10,2})", 88.0),
        ("SUMPRODUCT({3,4;8,6;1,9},{2,7;6,7;5,3})", 156.0),
        ("SUMXMY2({2,3,9,1,8,7,5},{6,5,11,7,5,4,4})", 79.0),
        ("ARABIC(\"LVII\")", 57.0),
        ("DECIMAL(\"FF\",16)", 255.0),
        ("BITAND(13,25)", 9.0),
        ("EVEN(-1)", -2.0),
        ("ACOT(-1)", 2.356_194_490_192_345),
        ("ACOT(9999999999999)", 1.000_000_000_000_1e-13),
        ("SUMSQ(3,4)", 25.0),
        ("SERIESSUM(1,0,2,{1,-0.5})", 0.5),
    ]);
    check_text(&[("ROMAN(499)", "CDXCIX"), ("BASE(7,2)", "111")]);
    check_error(&[("1/0", ErrorKind::Div0), ("0^0", ErrorKind::Num), ("SQRT(-1)", ErrorKind::Num)]);
}

#[test]
fn statistics_and_distributions() {
    check(&[
        ("STDEV({1345,1301,1368,1322,1310,1370,1318,1350,1303,1299})", 27.463_915_719_843),
        ("PERCENTILE({1,2,3,4},0.3)", 1.9),
        ("QUARTILE.EXC({6,7,15,36,39,40,41,42,43,47,49},1)", 15.0),
        ("MEDIAN({1,2,3,4,5,6})", 3.5),
        ("SKEW({3,4,5,2,3,4,5,6,4,7})", 0.359_543_071_407),
        ("KURT({3,4,5,2,3,4,5,6,4,7})", -0.151_799_637_208),
        ("SLOPE({2,3,9,1,8,7,5},{6,5,11,7,5,4,4})", 0.305_555_555_556),
        ("CORREL({3,2,4,5,6},{9,7,12,15,17})", 0.997_054_485_502),
        ("NORM.DIST(42,40,1.5,TRUE)", 0.908_788_780_274),
        ("NORM.S.INV(0.908789)", 1.333_334_672_8),
        ("BINOM.DIST(6,10,0.5,FALSE)", 0.205_078_125),
        ("POISSON.DIST(2,5,TRUE)", 0.124_652_019_483),
        ("T.DIST.2T(1.959999998,60)", 0.054_644_929_975_6),
        ("F.DIST.RT(3,2,2)", 0.25),
        ("CHISQ.DIST.RT(18.307,10)", 0.050_000_589_1),
        ("GAMMA.DIST(1,1,1,TRUE)", 0.632_120_558_829),
        ("WEIBULL.DIST(105,20,100,TRUE)", 0.929_581_390_07),
        ("HYPGEOM.DIST(1,4,8,20,FALSE)", 0.363_261_093_911),
        ("LARGE({3,5,3,5,4},3)", 4.0),
        ("TREND({1,2,3},{1,2,3},4)", 4.0),
        ("INDEX(LINEST({1,9,5,7},{0,4,2,3}),1)", 2.0),
        ("TRIMMEAN({4,5,6,7,2,3,4,5,1,2,3},0.2)", 3.777_777_777_78),
        ("MODE({5.6,4,4,3,2,4})", 4.0),
        ("GEOMEAN({4,5,8,7,11,4,3})", 5.476_986_969_656),
    ]);
}

#[test]
fn finance() {
    check(&[
        ("PMT(0.08/12,10,10000)", -1_037.032_089_36),
        ("PV(0.08/12,12*20,500)", -59_777.145_851_2),
        ("FV(0.06/12,10,-200,-500,1)", 2_581.403_374_06),
        ("NPER(0.12/12,-100,-1000,10000,1)", 59.673_865_674_3),
        ("RATE(4*12,-200,8000)", 0.007_701_472_49),
        ("IPMT(0.1/12,1,36,8000)", -66.666_666_666_7),
        ("CUMIPMT(0.09/12,360,125000,13,24,0)", -11_135.232_130_75),
        ("NPV(0.1,-10000,3000,4200,6800)", 1_188.443_412_34),
        ("IRR({-70000,12000,15000,18000,21000,26000})", 0.086_630_948_036_5),
        ("SLN(30000,7500,10)", 2250.0),
        ("MIRR({-120000,39000,30000,21000,37000,46000},0.1,0.12)", 0.126_094_130_366),
        ("DB(1000000,100000,6,1,7)", 186_083.333_333),
        ("DDB(2400,300,10,1,2)", 480.0),
        ("VDB(2400,300,3650,0,1)", 1.315_068_493_15),
        ("SYD(30000,7500,10,1)", 4_090.909_090_909),
        ("EFFECT(0.0525,4)", 0.053_542_667_37),
        ("DOLLARDE(1.02,16)", 1.125),
        ("DURATION(DATE(2018,7,1),DATE(2048,1,1),0.08,0.09,2,1)", 10.919_145_281_6),
        ("PRICE(DATE(2008,2,15),DATE(2017,11,15),0.0575,0.065,100,2,0)", 94.634_361_621_3),
        ("YIELD(DATE(2008,2,15),DATE(2016,11,15),0.0575,95.04287,100,2,0)", 0.065_000_006_88),
        (
            "ODDFPRICE(DATE(2008,11,11),DATE(2021,3,1),DATE(2008,10,15),DATE(2009,3,1),0.0785,0.0625,100,2,1)",
            113.597_717_474_079_5,
        ),
        (
            "ODDFPRICE(DATE(2020,3,1),DATE(2030,3,1),DATE(2020,1,15),DATE(2021,3,1),0.075,0.067,120,1,2)",
            115.988_547_752_237_58,
        ),
        (
            "ODDFYIELD(DATE(2020,3,1),DATE(2030,3,1),DATE(2020,1,15),DATE(2021,3,1),0.08,125.83100063105158,120,1,3)",
            0.06,
        ),
        (
            "ODDLPRICE(DATE(2020,3,1),DATE(2030,3,1),DATE(2020,1,15),0.075,0.0589,120,2,2)",
            122.367_058_394_175_25,
        ),
        (
            "ODDLPRICE(DATE(2008,2,7),DATE(2008,6,15),DATE(2007,10,15),0.0375,0.0405,100,2,0)",
            99.878_286_01,
        ),
        (
            "ODDLYIELD(DATE(2008,4,20),DATE(2008,6,15),DATE(2007,12,24),0.0375,99.875,100,2,0)",
            0.045_192_235_629_168_63,
        ),
        (
            "XNPV(0.09,{-10000,2750,4250,3250,2750},{39448,39508,39751,39859,39904})",
            2_086.647_602_03,
        ),
    ]);
    check_error(&[
        ("XNPV(-0.4,{-400,100},{44958,44986})", ErrorKind::Num),
        ("XNPV(0.1,{-400,\"a\",100},{44958,44986,45017})", ErrorKind::Num),
        ("XIRR({-400,\"a\",500},{44958,44986,45017})", ErrorKind::Value),
    ]);
}

#[test]
fn accrued_interest_is_counted_back_from_the_first_one() {
    let of = |frequency: u8, rest: &str| {
        format!(
            "ACCRINT(DATE(2017,1,1),DATE(2017,12,1),DATE(2017,4,1),0.33,3000,{frequency}{rest})"
        )
    };
    let cases = [
        (of(4, ",1"), 241.123_626_373_626_37),
        (of(4, ",1,FALSE"), -253.876_373_626_373_6),
        (of(4, ",2"), 236.5),
        (of(4, ",3"), 240.041_095_890_410_96),
        (of(4, ",4"), 247.5),
        (of(2, ",1"), 245.686_813_186_813_23),
        (of(2, ",0,FALSE"), 247.5),
        (of(1, ",3,FALSE"), 244.109_589_041_095_9),
        ("ACCRINT(39508,39691,39569,0.1,1000,4)".to_owned(), 16.944_444_444_444_446),
        (
            "ACCRINT(DATE(2007,3,1),DATE(2008,8,31),DATE(2008,5,1),0.1,1000,2,0,FALSE)".to_owned(),
            66.944_444_444_444_46,
        ),
        (
            "ACCRINT(DATE(2020,2,3),DATE(2023,12,1),DATE(2023,4,12),0.33,3000,2,0,FALSE)"
                .to_owned(),
            189.75,
        ),
    ];
    let cases: Vec<(&str, f64)> = cases.iter().map(|(text, want)| (text.as_str(), *want)).collect();
    check(&cases);
}

#[test]
fn of_equal_keys_the_first_is_found_and_the_last_in_descending_order() {
    check(&[
        ("XLOOKUP(5,{1,3,5,5,7},{1,2,3,4,5},,-1,2)", 3.0),
        ("XLOOKUP(5,{7,5,5,1},{1,2,3,4},,-1,-2)", 3.0),
        ("XLOOKUP(5,{7,5,5,1},{1,2,3,4},,0,-1)", 3.0),
        ("XLOOKUP(7.1,{9,7,7,5},{1,2,3,4},,-1,-2)", 2.0),
    ]);
    check(&[("XMATCH(\"^[ab]+$\",{\"abc\",\"ab\",\"b\"},3)", 2.0)]);
    check_error(&[
        ("XMATCH(\"(\",{\"(\"},3)", ErrorKind::Value),
        ("XMATCH(4,{4},3)", ErrorKind::Na),
    ]);
    check_error(&[("XLOOKUP(\"a*\",{\"b\",\"ab\"},{1,2},,2,2)", ErrorKind::Value)]);
}

#[test]
fn an_empty_cell_is_given_and_nothing_between_commas_is_not() {
    check(&[("FLOOR.MATH(7.9,Z9)", 0.0), ("FLOOR.MATH(7.9,,1)", 7.0), ("CEILING.MATH(7.1)", 8.0)]);
    check_text(&[("TEXTAFTER(\"a\",\"r\",1,0,0,Z9)", "")]);
    check_text(&[("IMPRODUCT(3,Z9)", "0"), ("IMSUM(3,Z9)", "3"), ("IMPRODUCT(3,Z8:Z9)", "3")]);
}

#[test]
fn text_and_dates() {
    check_text(&[
        ("MID(\"Fluid Flow\",7,20)", "Flow"),
        ("SUBSTITUTE(\"Quarter 1, 2011\",\"1\",\"2\",3)", "Quarter 1, 2012"),
        ("TEXT(1234.567,\"$#,##0.00\")", "$1,234.57"),
        ("TEXTJOIN(\", \",TRUE,{\"a\",\"\",\"b\"})", "a, b"),
        ("PROPER(\"this is a TITLE\")", "This Is A Title"),
        ("TEXTAFTER(\"a-b-c\",\"-\",-1)", "c"),
        ("REPT(\"ab\",3)", "ababab"),
        ("ADDRESS(2,3,2)", "C$2"),
        ("DEC2HEX(-54)", "FFFFFFFFCA"),
        ("IMSUM(\"3+4i\",\"5-3i\")", "8+i"),
        ("FIXED(1234.567,1)", "1,234.6"),
    ]);
    check(&[
        ("DATE(1900,3,1)-DATE(1900,2,28)", 2.0),
        ("EOMONTH(DATE(2024,1,31),1)", 45_351.0),
        ("WEEKDAY(DATE(2008,2,14))", 5.0),
        ("NETWORKDAYS(DATE(2012,10,1),DATE(2013,3,1))", 110.0),
        ("WORKDAY(DATE(2008,10,1),151)", 39_933.0),
        ("YEARFRAC(DATE(2012,1,1),DATE(2012,7,30),1)", 0.576_502_732_24),
        ("DATEDIF(DATE(2001,6,1),DATE(2002,8,15),\"yd\")", 75.0),
        ("ISOWEEKNUM(DATE(2012,3,9))", 10.0),
        ("DATEVALUE(\"8/22/2011\")", 40_777.0),
        ("DAYS360(DATE(2011,1,30),DATE(2011,2,1))", 1.0),
        ("CONVERT(68,\"F\",\"C\")", 20.0),
        ("CONVERT(12,\"MK\",\"kel\")", 12e6),
        ("CONVERT(12,\"kkel\",\"C\")", 11_726.85),
        ("CONVERT(2.5,\"ft\",\"m\")", 0.762),
        ("VALUE(\"$1,000\")", 1000.0),
        ("SEARCH(\"e?\",\"Statements\",4)", 5.0),
        ("SEARCH(\"~~\",\"Hi ~Bang!\")", 4.0),
        ("SEARCH(\"~d\",\"My dear\")", 4.0),
    ]);
}

#[test]
fn references_of_every_kind() {
    let values = build(&[
        ("A1", "10"),
        ("A2", "20"),
        ("A3", "30"),
        ("B1", "=SUM(A1:A3)"),
        ("B2", "=A1:A3"),
        ("B3", "=SUM(A1:INDEX(A1:A3,2))"),
        ("C1", "=SUM(OFFSET(A1,1,0,2))"),
        ("C2", "=INDIRECT(\"A\"&2)"),
        ("C3", "=VLOOKUP(25,A1:B3,1)"),
        ("D1", "=SUM(A:A)"),
        ("D2", "=SUM(A1:A2,A2:A3)"),
        ("D3", "=SUM(A1:A2 A2:A3)"),
        ("E1", "=COUNTIF(A1:A3,\">15\")"),
        ("E2", "=SUMIFS(A1:A3,A1:A3,\">5\",A1:A3,\"<25\")"),
        ("E3", "=LOOKUP(2,1/(A1:A3>15),A1:A3)"),
        ("F1", "=MATCH(20,A1:A3,0)"),
        ("F2", "=LET(x,A1,y,x*2,x+y)"),
        ("F3", "=REDUCE(0,A1:A3,LAMBDA(a,b,a+b))"),
        ("G1", "=SUM(Sheet1!A1:A2)"),
        ("G2", "=XLOOKUP(20,A1:A3,B1:B3)"),
    ]);
    let number = |cell: &str| match values.get(cell).unwrap() {
        Value::Number(x) => *x,
        other => panic!("{cell}: {other:?}"),
    };
    let want = [
        ("B1", 60.0),
        ("B2", 20.0),
        ("B3", 30.0),
        ("C1", 50.0),
        ("C2", 20.0),
        ("C3", 20.0),
        ("D1", 60.0),
        ("D2", 80.0),
        ("D3", 20.0),
        ("E1", 2.0),
        ("E2", 30.0),
        ("F1", 2.0),
        ("F2", 30.0),
        ("F3", 60.0),
        ("G1", 30.0),
        ("G2", 20.0),
    ];
    for (cell, x) in want {
        assert_eq!(number(cell), x, "{cell}");
    }
}

#[test]
fn circles_are_iterated_when_the_file_says_so() {
    let values = build(&[("A1", "=B1/2+1"), ("B1", "=A1")]);
    let Value::Number(x) = values["A1"] else { panic!("{:?}", values["A1"]) };
    assert!((x - 2.0).abs() < 0.01, "{x}");
}

#[test]
fn long_chains_and_wrong_formulas_do_no_harm() {
    let mut cells: Vec<(String, String)> = vec![("A1".into(), "1".into())];
    // Written from the end, so that every cell waits for the next.
    cells.extend((2..5000).map(|r| (format!("A{r}"), format!("=A{}+1", r - 1))));
    cells.push(("B1".into(), "=A4999".into()));
    let borrowed: Vec<(&str, &str)> = cells.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(build(&borrowed)["B1"], Value::Number(4999.0));
    check_error(&[
        ("NOSUCH(1)", ErrorKind::Name),
        ("SUM(", ErrorKind::Name),
        ("nothing", ErrorKind::Name),
    ]);
    let deep = format!("{}1{}", "(".repeat(60), ")".repeat(60));
    assert_eq!(computed(&deep), Value::Number(1.0));
}

#[test]
fn arrays_are_computed_element_by_element() {
    check(&[
        ("SUM({1,2,3}*{1;2})", 18.0),
        ("SUM(SEQUENCE(4,5))", 210.0),
        ("SUM(FILTER({1;2;3;4},{1;0;1;0}))", 4.0),
        ("INDEX(SORT({3;1;2},1,-1),1)", 3.0),
        ("ROWS(UNIQUE({1;1;2}))", 2.0),
        ("SUM(MMULT({1,2},{3;4}))", 11.0),
        ("COLUMNS(HSTACK({1,2},{3}))", 3.0),
        ("SUM(MAP({1,2,3},LAMBDA(x,x^2)))", 14.0),
        ("SUM(TAKE({1,2,3},1,2))", 3.0),
        ("INDEX(FREQUENCY({79,85,78,85,50,81,95,88,97},{70,79,89}),3)", 4.0),
        ("SUM(IF({1,0,1},{5,6,7},0))", 12.0),
    ]);
}
