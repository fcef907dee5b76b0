# evtx_csv_labels.awk: knowledge/evtx_csv_labels.tsv as C, for src/format/evtx_csv_labels.h.
#
#   awk -f scripts/evtx_csv_labels.awk -v out=rows.c knowledge/evtx_csv_labels.tsv
#
# Wrong rows end it with FILE:LINE; nothing is written then.

BEGIN {
    FS = "\t"
    split("header level keyword channel sid word label field message", list, " ")
    for (i in list)
        kinds[list[i]] = 1
    split("* en ja de fr es", list, " ")
    for (i in list)
        locales[list[i]] = 1
    split("sid words all", list, " ")
    for (i in list)
        hows[list[i]] = 1
    split("real public unverified", list, " ")
    for (i in list)
        seens[list[i]] = 1
}

function complain(text)
{
    printf "%s:%d: %s\n", FILENAME, FNR, text > "/dev/stderr"
    bad = 1
}

function quoted(text)
{
    gsub(/["\\]/, "\\\\&", text)
    return "T(\"" text "\")"
}

function named(prefix, text)
{
    if (text == "*")
        text = "any"
    return prefix toupper(text == "" ? "plain" : text)
}

/^#/ || /^$/ { next }

!header {
    header = 1
    if ($0 != "kind\tlocale\ttext\tmeaning\tprovider\tcode\thow\tseen")
        complain("the columns are not those that this script knows")
    next
}

{
    if (NF > 8)
        complain("more cells than columns")
    if (!($1 in kinds))
        complain("no such kind: " $1)
    if (!($2 in locales))
        complain("no such locale: " $2)
    if ($3 == "")
        complain("no text")
    if (($4 == "") != ($1 == "message"))
        complain("a meaning is missing, or a message has one")
    if ($7 != "" && !($7 in hows))
        complain("no such how: " $7)
    if ($8 != "" && !($8 in seens))
        complain("no such seen: " $8)
    codes = split($6, code, "|")
    for (i = 1; i <= (codes ? codes : 1); i++) {
        # A text means one thing, whatever the language: messages need not be in that of the header.
        key = $1 SUBSEP $3 SUBSEP $5 SUBSEP code[i]
        if (key in meanings && (meanings[key] != $4 || $1 == "field" || $1 == "message"))
            complain("this text stands in line " lines[key] " too")
        meanings[key] = $4
        lines[key] = FNR
        at = $1 == "field" ? index($3, " > ") : 0
        section = at ? substr($3, 1, at - 1) : ""
        text = at ? substr($3, at + 3) : $3
        row = sprintf("    {%s, %s, %s, %s, %s, %s, %s, %s},", named("LABEL_", $1),
                      named("LOCALE_", $2), named("LABEL_HOW_", $7), quoted(section),
                      quoted(text), quoted($4), quoted($5), quoted(code[i]))
        if ($1 == "header")
            headers[++header_count] = row
        else
            others[++other_count] = row
    }
}

END {
    if (!header_count || !other_count)
        complain("no rows")
    if (bad)
        exit 1
    print "/* Made from knowledge/evtx_csv_labels.tsv by scripts/evtx_csv_labels.awk. */" > out
    print "#include \"format/evtx_csv_labels.h\"\n" > out
    print "#define T(text) {.ptr = text, .len = sizeof text - 1}\n" > out
    print "const LabelRow LABEL_ROWS[] = {" > out
    for (i = 1; i <= header_count; i++)
        print headers[i] > out
    for (i = 1; i <= other_count; i++)
        print others[i] > out
    print "};\n" > out
    print "const uint32_t LABEL_HEADER_COUNT = " header_count ";" > out
    print "const uint32_t LABEL_ROW_COUNT = sizeof LABEL_ROWS / sizeof LABEL_ROWS[0];" > out
}
