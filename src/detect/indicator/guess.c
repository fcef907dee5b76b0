/* Values without a type, and values made harmless for reading. */
#include "detect/indicator/value.h"
#include "detect/sigma/fold.h"

#define GUESS_BYTES 1024 /* longer values are none of the short kinds */

/* ---- refanging ---- */

typedef struct Fang {
    Text from, to;
} Fang;

static const Fang FANGS[] = {
    {{"[.]", 3}, {".", 1}},     {{"(.)", 3}, {".", 1}},   {{"{.}", 3}, {".", 1}},
    {{"[dot]", 5}, {".", 1}},   {{"(dot)", 5}, {".", 1}}, {{"{dot}", 5}, {".", 1}},
    {{"\\.", 2}, {".", 1}},     {{"[:]", 3}, {":", 1}},   {{"[://]", 5}, {"://", 3}},
    {{"[at]", 4}, {"@", 1}},    {{"(at)", 4}, {"@", 1}},  {{"[@]", 3}, {"@", 1}},
    {{"[:]//", 5}, {"://", 3}}, {{"[/]", 3}, {"/", 1}},
};

static bool is_scheme_x(Text t)
{
    static const Text SCHEMES[] = {{"hxxp", 4}, {"hxtp", 4}, {"htxp", 4}, {"fxp", 3}};
    for (size_t i = 0; i < sizeof SCHEMES / sizeof SCHEMES[0]; i++)
        if (t.len > SCHEMES[i].len + 1 &&
            text_equal_nocase(text_of(t.ptr, SCHEMES[i].len), SCHEMES[i]) &&
            (ascii_lower(t.ptr[SCHEMES[i].len]) == 's' || t.ptr[SCHEMES[i].len] == ':' ||
             t.ptr[SCHEMES[i].len] == '['))
            return true;
    return false;
}

static const Fang *fang_at(Text rest, bool path)
{
    if (!memchr("[({\\", rest.ptr[0], 4)) /* all begin so */
        return NULL;
    for (size_t i = 0; i < sizeof FANGS / sizeof FANGS[0]; i++) {
        const Fang *fang = &FANGS[i];
        if (path && fang->from.ptr[0] == '\\') /* a folder whose name begins with a dot */
            continue;
        if (rest.len >= fang->from.len &&
            text_equal_nocase(text_of(rest.ptr, fang->from.len), fang->from))
            return fang;
    }
    return NULL;
}

static bool is_path(Text t)
{
    return (t.len > 2 && t.ptr[1] == ':' && t.ptr[2] == '\\') ||
           (t.len > 1 && (t.ptr[0] == '\\' || t.ptr[0] == '%'));
}

void indicator_refang(Text written, Buf *out)
{
    Text t = text_trim(written);
    bool path = is_path(t);
    size_t i = 0;
    if (is_scheme_x(t)) {
        bool ftp = ascii_lower(t.ptr[0]) == 'f';
        buf_add_text(out, ftp ? TEXT("ftp") : TEXT("http"));
        i = ftp ? 3 : 4;
    }
    while (i < t.len) {
        const Fang *fang = fang_at(text_of(t.ptr + i, t.len - i), path);
        if (fang) {
            buf_add_text(out, fang->to);
            i += fang->from.len;
        } else {
            buf_add_char(out, t.ptr[i++]);
        }
    }
}

/* ---- guessing ---- */

static bool all_hex(Text t)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = ascii_lower(t.ptr[i]);
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return t.len > 0;
}

static bool only(Text t, Text characters)
{
    for (size_t i = 0; i < t.len; i++)
        if (!memchr(characters.ptr, t.ptr[i], characters.len))
            return false;
    return true;
}

static bool looks_like_ip(Text t)
{
    size_t colon = text_find(t, ':');
    return only(t, TEXT("0123456789./")) || t.ptr[0] == '[' ||
           (colon < t.len && text_find(t, '.') < colon && only(t, TEXT("0123456789.:"))) ||
           (colon < t.len && only(t, TEXT("0123456789abcdefABCDEF:./"))) ||
           (colon < t.len && text_find(t, '%') < t.len && t.ptr[0] != '%' &&
            text_find(t, '/') == t.len);
}

static bool is_registry(Text t)
{
    static const Text STARTS[] = {{"HKEY_", 5},   {"HKLM\\", 5},       {"HKCU\\", 5},
                                  {"HKCR\\", 5},  {"HKU\\", 4},        {"HKLM:\\", 6},
                                  {"HKCU:\\", 6}, {"\\REGISTRY\\", 10}};
    for (size_t i = 0; i < sizeof STARTS / sizeof STARTS[0]; i++)
        if (t.len > STARTS[i].len && text_equal_nocase(text_of(t.ptr, STARTS[i].len), STARTS[i]))
            return true;
    return false;
}

/* Endings of files. Those that are common domains as well (com, app, zip, sh …) are not here but
 * for the two that hardly anybody means as one. */
static bool has_file_ending(Text t)
{
    static const char ENDINGS[] =
        " exe dll sys ps1 psm1 psd1 bat cmd vbs vbe js jse wsf wsh hta lnk scr msi msp cpl ocx drv "
        "doc docx docm dot dotm xls xlsx xlsm xlsb ppt pptx pptm rtf pdf txt log csv xml json ini "
        "cfg conf dat bin tmp db bak rar 7z gz tar cab iso img vhd vhdx jar class py pyc php asp "
        "aspx jsp ashx chm one onepkg htm html elf dylib dmg pkg apk ics eml msg png jpg jpeg gif "
        "bmp ico ttf reg inf url library-ms ps ";
    size_t dot = t.len;
    while (dot > 0 && t.ptr[dot - 1] != '.')
        dot--;
    char word[16] = " ";
    size_t len = t.len - dot;
    if (dot < 2 || len == 0 || len > sizeof word - 3)
        return false;
    text_lower(text_of(t.ptr + dot, len), word + 1);
    word[len + 1] = ' ';
    return text_find_text(text_from_z(ENDINGS), text_of(word, len + 2)) != SIZE_MAX;
}

static bool is_domain_text(Text t)
{
    char folded[FOLD_ROOM(GUESS_BYTES)];
    while (t.len && t.ptr[t.len - 1] == '.')
        t.len--;
    if (text_starts(t, TEXT("*.")))
        t = text_of(t.ptr + 2, t.len - 2);
    return t.len <= GUESS_BYTES && indicator_is_domain(text_of(folded, fold_text(t, folded)));
}

/* host/path or host:port/path without a scheme. */
static bool is_bare_url(Text t)
{
    Text rest = t, host = text_cut(&rest, '/');
    host.len = text_find(host, ':');
    Ip ip;
    return rest.len > 0 && (is_domain_text(host) || ip_parse(host, &ip));
}

static bool guess_hash(Text t, IndicatorType *ret, const char **ret_why)
{
    *ret_why = "a hash of a kind that is not compared";
    *ret = t.len == 64 ? INDICATOR_SHA256 : t.len == 40 ? INDICATOR_SHA1 : INDICATOR_MD5;
    return t.len == 64 || t.len == 40 || t.len == 32;
}

static bool guess_text(Text t, IndicatorType *ret)
{
    size_t at = text_find(t, '@');
    *ret = INDICATOR_TYPE_COUNT;
    if (text_find_text(t, TEXT("://")) != SIZE_MAX)
        *ret = INDICATOR_URL;
    else if (is_registry(t))
        *ret = INDICATOR_REGISTRY;
    else if (text_find(t, '\\') < t.len || t.ptr[0] == '/')
        *ret = INDICATOR_PATH;
    else if (at < t.len && is_domain_text(text_of(t.ptr + at + 1, t.len - at - 1)))
        *ret = INDICATOR_MAIL;
    else if (is_bare_url(t))
        *ret = INDICATOR_URL;
    else if (has_file_ending(t))
        *ret = INDICATOR_NAME;
    else if (is_domain_text(t))
        *ret = INDICATOR_DOMAIN;
    return *ret != INDICATOR_TYPE_COUNT;
}

bool indicator_guess(Text value, IndicatorType *ret, const char **ret_why)
{
    Text t = text_trim(value);
    *ret_why = "not recognised as a hash, address, domain, URL, path, name or mail address";
    if (t.len == 0)
        return false;
    if (all_hex(t) && t.len >= 32)
        return guess_hash(t, ret, ret_why);
    if (looks_like_ip(t)) {
        *ret = INDICATOR_ADDRESS; /* or it is refused as one */
        return true;
    }
    return guess_text(t, ret);
}
