/* OpenIOC 1.0 and 1.1 (Mandiant): an <ioc> or <OpenIOC> with a tree of <Indicator operator="…"> and
 * <IndicatorItem condition="…">. Each way to fulfil the tree becomes an indicator of its own.
 *
 * expat reads; a document type is refused, and with it all entities but the five of XML. */
#include "detect/indicator/feed.h"

#include <expat.h>
#include <stdlib.h>

#include "base/cleanup.h"

#define IOC_DEPTH_MAX 64
#define IOC_TEXT_MAX  (64u * 1024)

typedef struct ContextRow {
    Text search;
    IndicatorType type;
} ContextRow;

#define CONTEXT(search, type)                                                                      \
    {                                                                                              \
        {search, sizeof(search) - 1}, INDICATOR_##type                                             \
    }
static const ContextRow CONTEXTS[] = {
    CONTEXT("FileItem/Md5sum", MD5),
    CONTEXT("FileItem/Sha1sum", SHA1),
    CONTEXT("FileItem/Sha256sum", SHA256),
    CONTEXT("FileItem/PEInfo/ImportHash", IMPHASH),
    CONTEXT("FileItem/FileName", NAME),
    CONTEXT("FileItem/FullPath", PATH),
    CONTEXT("FileItem/FilePath", PATH),
    CONTEXT("ProcessItem/name", NAME),
    CONTEXT("ProcessItem/path", PATH),
    CONTEXT("ProcessItem/SectionList/MemorySection/Md5sum", MD5),
    CONTEXT("ProcessItem/SectionList/MemorySection/Sha256Sum", SHA256),
    CONTEXT("ProcessItem/HandleList/Handle/Name", MUTEX),
    CONTEXT("ProcessItem/PortList/PortItem/remoteIP", ADDRESS),
    CONTEXT("PortItem/remoteIP", ADDRESS),
    CONTEXT("PortItem/localIP", ADDRESS),
    CONTEXT("RouteEntryItem/Destination", ADDRESS),
    CONTEXT("DnsEntryItem/RecordName", DOMAIN),
    CONTEXT("DnsEntryItem/Host", DOMAIN),
    CONTEXT("DnsEntryItem/RecordData/Host", DOMAIN),
    CONTEXT("DnsEntryItem/RecordData/IPv4Address", ADDRESS),
    CONTEXT("Network/DNS", DOMAIN),
    CONTEXT("Network/URI", URL),
    CONTEXT("UrlHistoryItem/URL", URL),
    CONTEXT("UrlHistoryItem/HostName", DOMAIN),
    CONTEXT("FileDownloadHistoryItem/SourceURL", URL),
    CONTEXT("Email/From", MAIL),
    CONTEXT("Email/To", MAIL),
    CONTEXT("RegistryItem/Path", REGISTRY),
    CONTEXT("RegistryItem/KeyPath", REGISTRY),
    CONTEXT("ServiceItem/path", PATH),
    CONTEXT("ServiceItem/serviceDLL", PATH),
    CONTEXT("ServiceItem/pathmd5sum", MD5),
    CONTEXT("TaskItem/ApplicationName", PATH),
    CONTEXT("DriverItem/DriverName", NAME),
    CONTEXT("ModuleItem/ModuleName", NAME),
};

typedef struct Level {
    bool all;  /* operator AND */
    bool lost; /* AND with a part that cannot be used */
    bool any;  /* it has had a part */
    Expression made;
} Level;

typedef struct Item {
    bool open, negated;
    Text id, condition, search;
    uint64_t line;
} Item;

typedef struct Ioc {
    Feed *feed;
    XML_Parser parser;
    Level levels[IOC_DEPTH_MAX];
    size_t depth;
    unsigned elements; /* open, in all */
    Item item;
    Buf text; /* of the element that is being read */
    Text id, title;
    const char *fault; /* why the reading was stopped */
} Ioc;

static FeedPlace here(const Ioc *ioc)
{
    return feed_line(ioc->feed, XML_GetCurrentLineNumber(ioc->parser));
}

static void stop(Ioc *ioc, const char *fault)
{
    if (!ioc->fault)
        ioc->fault = fault;
    (void)XML_StopParser(ioc->parser, XML_FALSE);
}

static Text keep(Ioc *ioc, Text t)
{
    Text copy = {0};
    if (!arena_copy_text(ioc->feed->set->scratch, t, &copy))
        ioc->feed->set->failed = true;
    return copy;
}

/* The name without its prefix of a namespace. */
static Text local(const char *name)
{
    Text rest = text_from_z(name), first = text_cut(&rest, ':');
    return rest.len ? rest : first;
}

static Text attribute(const char **attributes, Text name)
{
    for (; attributes[0]; attributes += 2)
        if (text_equal(text_from_z(attributes[0]), name))
            return text_from_z(attributes[1]);
    return (Text){0};
}

/* ---- the tree ---- */

/* At the top, where one is as good as another, there may be any number of them. */
static void add_indicators(Ioc *ioc, Expression made, Text id)
{
    IndicatorHead head = {.place = here(ioc), .id = id.len ? id : ioc->id, .name = ioc->title};
    expression_add_each(ioc->feed->set, &head, made);
}

static void add_part(Ioc *ioc, Level *level, Expression part)
{
    IndicatorSet *set = ioc->feed->set;
    if (!level->all && level == ioc->levels)
        add_indicators(ioc, part, ioc->item.id);
    else if (!level->all)
        level->made = expression_or(set, here(ioc), level->made, part);
    else if (part.count == 0 || level->lost)
        level->lost = true;
    else
        level->made = level->any ? expression_and(set, here(ioc), level->made, part) : part;
    level->any = true;
    if (level->lost)
        level->made = (Expression){0};
}

static void begin_indicator(Ioc *ioc, const char **attributes)
{
    Text operator= attribute(attributes, TEXT("operator"));
    if (ioc->depth == IOC_DEPTH_MAX) {
        stop(ioc, "more than 64 Indicator elements within each other");
        return;
    }
    ioc->levels[ioc->depth++] = (Level){.all = text_equal_nocase(operator, TEXT("AND"))};
}

static void end_indicator(Ioc *ioc)
{
    if (ioc->depth == 0)
        return;
    Expression made = ioc->levels[--ioc->depth].made;
    if (ioc->depth) {
        add_part(ioc, &ioc->levels[ioc->depth - 1], made);
        return;
    }
    add_indicators(ioc, made, TEXT(""));
}

static void begin_item(Ioc *ioc, const char **attributes)
{
    ioc->item = (Item){.open = true,
                       .id = keep(ioc, attribute(attributes, TEXT("id"))),
                       .condition = keep(ioc, attribute(attributes, TEXT("condition"))),
                       .line = XML_GetCurrentLineNumber(ioc->parser)};
    ioc->item.negated = text_equal_nocase(attribute(attributes, TEXT("negate")), TEXT("true"));
}

static bool type_of(Text search, IndicatorType *ret)
{
    for (size_t i = 0; i < sizeof CONTEXTS / sizeof CONTEXTS[0]; i++)
        if (text_equal_nocase(CONTEXTS[i].search, search)) {
            *ret = CONTEXTS[i].type;
            return true;
        }
    return false;
}

static bool is_text_type(IndicatorType type)
{
    return type >= INDICATOR_DOMAIN;
}

static bool has_folder(Text t)
{
    return text_find(t, '\\') < t.len || text_find(t, '/') < t.len;
}

static Expression item_of(Ioc *ioc, Text value)
{
    IndicatorSet *set = ioc->feed->set;
    const Item *item = &ioc->item;
    FeedPlace place = feed_line(ioc->feed, item->line);
    IndicatorType type;
    bool is = text_equal_nocase(item->condition, TEXT("is"));
    bool contains = text_equal_nocase(item->condition, TEXT("contains"));
    const char *why = NULL;
    if (!type_of(item->search, &type))
        why = "this Context is not compared";
    else if (item->negated || (!is && !contains))
        why = "of the conditions only is and contains are compared";
    if (why) {
        indicator_note(set, INDICATOR_UNUSABLE, place, why,
                       item->search.len ? item->search : item->condition);
        return (Expression){0};
    }
    if (type == INDICATOR_NAME && is && has_folder(value))
        type = INDICATOR_PATH;
    return expression_term(set, place, type,
                           contains && is_text_type(type) ? TERM_CONTAINS : TERM_IS, value);
}

static void end_item(Ioc *ioc)
{
    Text value = buf_text(&ioc->text);
    if (!ioc->item.open)
        return;
    if (ioc->depth == 0)
        indicator_note(ioc->feed->set, INDICATOR_REFUSED, here(ioc),
                       "an IndicatorItem stands in an Indicator", value);
    else
        add_part(ioc, &ioc->levels[ioc->depth - 1], item_of(ioc, value));
    ioc->item = (Item){0};
}

/* ---- elements ---- */

static void XMLCALL begin_element(void *ctx, const char *name, const char **attributes)
{
    Ioc *ioc = ctx;
    Text element = local(name);
    if (++ioc->elements > 2 * IOC_DEPTH_MAX)
        stop(ioc, "more than 128 elements within each other");
    if (text_equal(element, TEXT("ioc")) || text_equal(element, TEXT("OpenIOC")))
        ioc->id = keep(ioc, attribute(attributes, TEXT("id")));
    else if (text_equal(element, TEXT("Indicator")))
        begin_indicator(ioc, attributes);
    else if (text_equal(element, TEXT("IndicatorItem")))
        begin_item(ioc, attributes);
    else if (text_equal(element, TEXT("Context")))
        ioc->item.search = keep(ioc, attribute(attributes, TEXT("search")));
    if (!text_equal(element, TEXT("Context")))
        buf_clear(&ioc->text);
}

static void XMLCALL end_element(void *ctx, const char *name)
{
    Ioc *ioc = ctx;
    Text element = local(name);
    ioc->elements--;
    if (text_equal(element, TEXT("short_description")) && ioc->title.len == 0)
        ioc->title = keep(ioc, text_trim(buf_text(&ioc->text)));
    else if (text_equal(element, TEXT("Indicator")))
        end_indicator(ioc);
    else if (text_equal(element, TEXT("IndicatorItem")))
        end_item(ioc);
}

static void XMLCALL take_characters(void *ctx, const char *text, int len)
{
    Ioc *ioc = ctx;
    buf_add(&ioc->text, text, (size_t)len);
    if (ioc->text.failed)
        stop(ioc, "a text is longer than 64 KiB");
}

static void XMLCALL refuse_doctype(void *ctx, const char *name, const char *system,
                                   const char *public, int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    stop(ctx, "a document type (DOCTYPE) is not read");
}

/* ---- the file ---- */

static bool probe(const Feed *feed)
{
    Text t = text_trim(feed->bytes);
    Text head = text_of(t.ptr, t.len < 4096 ? t.len : 4096);
    return t.len && t.ptr[0] == '<' &&
           (text_find_text(head, TEXT("<ioc")) != SIZE_MAX ||
            text_find_text(head, TEXT("OpenIOC")) != SIZE_MAX ||
            text_find_text(head, TEXT("<?xml")) != SIZE_MAX);
}

static bool parse(Ioc *ioc, Err *err)
{
    Text bytes = ioc->feed->bytes;
    /* A feed has at most INDICATOR_FEED_BYTES, which an int holds. */
    if (XML_Parse(ioc->parser, bytes.ptr, (int)bytes.len, XML_TRUE) == XML_STATUS_OK)
        return true;
    const char *why = ioc->fault ? ioc->fault : XML_ErrorString(XML_GetErrorCode(ioc->parser));
    long at = (long)XML_GetCurrentByteIndex(ioc->parser);
    return err_set(err, ERR_FORMAT, at < 0 ? 0 : (uint64_t)at, "XML: %s", why ? why : "damaged");
}

static void free_parserp(XML_Parser *parser)
{
    if (*parser)
        XML_ParserFree(*parser);
}

static bool read_entries(Feed *feed, Err *err)
{
    CLEANUP(free_parserp) XML_Parser parser = XML_ParserCreate("UTF-8");
    CLEANUP(freep) Ioc *ioc = calloc(1, sizeof *ioc);
    if (!parser || !ioc)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to read XML");
    ioc->feed = feed;
    ioc->parser = parser;
    buf_init(&ioc->text, IOC_TEXT_MAX);
    XML_SetUserData(parser, ioc);
    XML_SetElementHandler(parser, begin_element, end_element);
    XML_SetCharacterDataHandler(parser, take_characters);
    XML_SetStartDoctypeDeclHandler(parser, refuse_doctype);
    uint32_t before = (uint32_t)feed->set->count;
    bool ok = parse(ioc, err);
    buf_done(&ioc->text);
    if (ok && feed->set->count == before && feed->set->note_count == 0)
        ok = err_set(err, ERR_FORMAT, 0, "XML, but no OpenIOC: there is no IndicatorItem");
    return ok;
}

const FeedFormat openioc_feed = {
    .name = "openioc",
    .summary = "OpenIOC 1.0 and 1.1",
    .probe = probe,
    .read = read_entries,
};
