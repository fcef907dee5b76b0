#include "analysis/finding.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"
#include "event/event.h"
#include "event/grow.h"

#define FINDINGS_MEMORY (64u * 1024 * 1024)
#define IDENTITY_MAX    (64u * 1024)

const Text FINDING_NAME[] = {
#define FINDING(id, name) {name, sizeof(name) - 1},
#include "analysis/finding.def"
#undef FINDING
};
static_assert(sizeof FINDING_NAME / sizeof FINDING_NAME[0] == FINDING_KIND_COUNT, "one name each");

bool findings_init(Findings *findings, Err *err)
{
    *findings = (Findings){.arena = arena_create(FINDINGS_MEMORY)};
    return findings->arena ||
           err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the findings");
}

void findings_done(Findings *findings)
{
    arena_destroy(findings->arena);
    free(findings->list);
    *findings = (Findings){.arena = NULL};
}

uint64_t findings_total(const Findings *findings)
{
    uint64_t total = findings->count;
    for (size_t i = 0; i < FINDING_KIND_COUNT; i++)
        total += findings->further[i];
    return total;
}

static size_t count_of_kind(const Findings *findings, FindingKind kind)
{
    size_t count = 0; /* those of a kind stand together, at the end while it is at work */
    while (count < findings->count && findings->list[findings->count - 1 - count].kind == kind)
        count++;
    return count;
}

Finding *finding_open(Findings *findings, FindingKind kind, FindingConfidence confidence)
{
    assert(findings->count == 0 || findings->list[findings->count - 1].kind <= kind);
    if (count_of_kind(findings, kind) == FINDINGS_KIND_MAX) {
        findings->further[kind]++;
        return NULL;
    }
    Finding *list = grow_array(findings->list, &findings->room, findings->count + 1, sizeof *list);
    if (!list) {
        findings->failed = true;
        return NULL;
    }
    findings->list = list;
    Finding *finding = &list[findings->count++];
    *finding = (Finding){.kind = kind, .confidence = confidence};
    return finding;
}

static Param *add_param(Finding *finding, const char *name, ParamType type, ParamUse use)
{
    assert(finding->param_count < FINDING_PARAMS_MAX);
    Param *param = &finding->params[finding->param_count++];
    *param = (Param){.name = name, .type = type, .use = use};
    return param;
}

void finding_text(Findings *findings, Finding *finding, const char *name, ParamUse use, Text text)
{
    Param *param = add_param(finding, name, PARAM_TEXT, use);
    if (!arena_copy_text(findings->arena, text, &param->text))
        findings->failed = true;
}

void finding_number(Finding *finding, const char *name, ParamUse use, uint64_t number)
{
    add_param(finding, name, PARAM_NUMBER, use)->number = number;
}

void finding_record(Finding *finding, const char *name, ParamUse use, uint64_t number)
{
    add_param(finding, name, PARAM_RECORD, use)->number = number;
}

void finding_time(Finding *finding, const char *name, ParamUse use, Time time)
{
    add_param(finding, name, PARAM_TIME, use)->time = time;
}

void finding_duration(Finding *finding, const char *name, int64_t ns)
{
    add_param(finding, name, PARAM_DURATION, PARAM_DETAIL)->time = ns;
}

static void cite(Finding *finding, const Citation *citation)
{
    if (finding->citation_count == FINDING_CITATIONS_MAX)
        finding->citations_further++;
    else
        finding->citations[finding->citation_count++] = *citation;
}

void finding_cite(Finding *finding, const EventRef *event, uint64_t record_id)
{
    cite(finding, &(Citation){.event = *event, .record_id = record_id});
}

void finding_cite_item(Finding *finding, uint32_t item)
{
    cite(finding,
         &(Citation){.event = {.item = item}, .whole_item = true, .record_id = RECORD_ID_NONE});
}

/* kind, then for each identifying parameter its name and value, each ended by a zero byte. Texts
 * without regard to ASCII case: the same host is spelt in several ways. */
static void write_identity(const Finding *finding, Buf *buf)
{
    buf_add_text(buf, FINDING_NAME[finding->kind]);
    for (size_t i = 0; i < finding->param_count; i++) {
        const Param *param = &finding->params[i];
        if (param->use != PARAM_IDENTITY)
            continue;
        buf_add_char(buf, '\0');
        buf_add_text(buf, text_from_z(param->name));
        buf_add_char(buf, '\0');
        if (param->type == PARAM_NUMBER || param->type == PARAM_RECORD)
            buf_add_u64(buf, param->number);
        else if (param->type != PARAM_TEXT)
            buf_add_i64(buf, param->time);
        else
            for (size_t c = 0; c < param->text.len; c++)
                buf_add_char(buf, ascii_lower(param->text.ptr[c]));
    }
}

static bool make_id(Finding *finding)
{
    Buf identity;
    Sha256 hash;
    buf_init(&identity, IDENTITY_MAX);
    write_identity(finding, &identity);
    Sha256Stream *stream = sha256_create();
    bool ok = !identity.failed && stream && sha256_update(stream, buf_span(&identity)) &&
              sha256_final(stream, &hash);
    if (ok)
        finding->id = __builtin_bswap64(load_u64le(hash.bytes));
    sha256_destroy(stream);
    buf_done(&identity);
    return ok;
}

void finding_close(Findings *findings, Finding *finding)
{
    if (!make_id(finding)) {
        findings->failed = true;
        return;
    }
    size_t of_kind = count_of_kind(findings, finding->kind); /* this one is the last of them */
    for (size_t i = findings->count - of_kind; i + 1 < findings->count; i++) {
        Finding *other = &findings->list[i];
        if (other->id != finding->id)
            continue;
        for (size_t c = 0; c < finding->citation_count; c++)
            cite(other, &finding->citations[c]);
        other->citations_further += finding->citations_further;
        findings->count--;
        return;
    }
}

const Param *finding_param(const Finding *finding, Text name)
{
    for (size_t i = 0; i < finding->param_count; i++)
        if (text_equal(text_from_z(finding->params[i].name), name))
            return &finding->params[i];
    return NULL;
}
