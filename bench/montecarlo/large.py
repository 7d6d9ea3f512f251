"""Writes a workbook of about 100 MB: numbers that do not compress well, and formulas of every row.

large.py FILE [ROWS]
"""

import random
import sys
import zipfile

ROWS = 430_000
COLUMNS = "ABCDEFGHIJKLMNOP"
BOOK = ('<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>')
LINKS = ('<Relationships><Relationship Id="rId1" Type="x/worksheet" '
         'Target="worksheets/sheet1.xml"/></Relationships>')
ROOT = ('<Relationships><Relationship Id="r" Type="x/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>')


def row(random_, number):
    cells = "".join(f'<c r="{c}{number}"><v>{random_.random()}</v></c>' for c in COLUMNS)
    total = f"SUM(A{number}:P{number})"
    return f'<row r="{number}">{cells}<c r="Q{number}"><f>{total}</f></c></row>'


def write(path, rows):
    random_ = random.Random(7)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        package.writestr("_rels/.rels", ROOT)
        package.writestr("xl/workbook.xml", BOOK)
        package.writestr("xl/_rels/workbook.xml.rels", LINKS)
        with package.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(b"<worksheet><sheetData>")
            for start in range(1, rows + 1, 1000):
                numbers = range(start, min(start + 1000, rows + 1))
                sheet.write("".join(row(random_, n) for n in numbers).encode())
            sheet.write(b"</sheetData></worksheet>")


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else ROWS)
