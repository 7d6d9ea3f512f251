#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets: `corpus/loader`, `corpus/formula` and both dictionaries.

The same files every time; run it again after a change here.
"""

import io
import pathlib
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"

FORMULAS = [
    "SUM(A1:B2,Sheet1!C:C)*-2^2%",
    "LET(x,1,LAMBDA(y,x+y)(2))",
    'IF(A1>="a"&"b",{1,2;3,4},#N/A)',
    "Table1[[#This Row],[a]:[b]]",
    "'[1]My ''sheet'''!$A$1:INDEX(B:B,3)",
    "@A1:A9 A2:C2,B1#",
    "VLOOKUP(F6,$A$1:XFD1048576,2,TRUE)",
    "1.5E-7+.5-3:3<>TRUE",
]
WORDS = ["A1", "$B$2", "Sheet1!", "#REF!", "#N/A", "LET(", "LAMBDA(", "IF(", "SUM(", "OFFSET(",
         "INDIRECT(", "[1]", "[@", "[#All]", "{1,2;3}", '\\"', "'", "1:1048576", "A:XFD", "1E308",
         "^", "%", "@", "#", "<>", "&", "_xlfn.", "_xlpm.x"]
XML = ["<f>", "</f>", '<f t=\\"shared\\" si=\\"0\\" ref=\\"A1:B2\\">', '<f t=\\"array\\" ref=\\"A1:A9\\">',
       "<v>", "</v>", '<c r=\\"A1\\" t=\\"s\\">', '<c r=\\"XFE0\\">', '<row r=\\"1048577\\">', "<is><t>",
       '<!DOCTYPE a [', "&a;", "&#x41;", "<definedName", "<mergeCell", "<calcPr", "<sheet ",
       'date1904=\\"1\\"', "4294967296", "-1", "1e999", "@@ xl/workbook.xml\\x0A"]


def sheet(rows):
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def parts(rows, extra=""):
    """The parts of a small workbook."""
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
        f'ContentType="{KIND}.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets><sheet '
        f'name="Sheet1" sheetId="1" r:id="r1"/></sheets>{extra}</workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{LINKS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{LINKS}/sharedStrings" Target="sharedStrings.xml"/>'
        f'</Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si><t>one</t></si><si><r><t>t</t></r>'
        f'<r><t>wo</t></r></si></sst>',
        "xl/worksheets/sheet1.xml": sheet(rows),
    }


BOOKS = {
    "plain": parts('<row r="1"><c r="A1"><v>2</v></c><c r="B1" t="s"><v>1</v></c><c r="C1">'
                   '<f>A1*3</f><v>6</v></c></row>'),
    "shared": parts('<row r="1"><c r="A1"><v>1</v></c><c r="B1"><f t="shared" si="0" '
                    'ref="B1:B2">A1+1</f><v>2</v></c></row><row r="2"><c r="B2">'
                    '<f t="shared" si="0"/><v>1</v></c></row>'),
    "array": parts('<row r="1"><c r="A1"><f t="array" ref="A1:A2">{1;2}*2</f><v>2</v></c></row>'
                   '<row r="2"><c r="A2"><v>4</v></c><c r="B2" t="b"><v>1</v></c>'
                   '<c r="C2" t="e"><v>#N/A</v></c><c r="D2" t="inlineStr"><is><t>x</t></is></c>'
                   '</row>'),
    "names": parts('<row r="1"><c r="A1"><f>rate*2</f><v>1</v></c></row>',
                   '<definedNames><definedName name="rate">Sheet1!$B$1</definedName>'
                   '</definedNames><calcPr iterate="1" iterateCount="5" iterateDelta="0.1"/>'),
}


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def main():
    for name, book in BOOKS.items():
        text = "".join(f"@@ {part}\n{content}\n" for part, content in book.items())
        write(HERE / "corpus" / "loader" / f"{name}.txt", text.encode())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for part, content in BOOKS["plain"].items():
            package.writestr(zipfile.ZipInfo(part), content, zipfile.ZIP_DEFLATED)
    write(HERE / "corpus" / "loader" / "plain.xlsx", buffer.getvalue())
    for i, formula in enumerate(FORMULAS):
        write(HERE / "corpus" / "formula" / f"{i}.txt", formula.encode())
    for name, words in (("formula", WORDS), ("loader", XML + WORDS)):
        write(HERE / f"{name}.dict", "".join(f'"{word}"\n' for word in words).encode())


if __name__ == "__main__":
    main()
