#include "app/case_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/observe.h"
#include "base/cleanup.h"

/* What reports are made from. */
typedef struct Material {
    Survey *survey;
    Findings findings;
    Detections *detections;
    ReportRun run;
    Report report;
} Material;

static Time now(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_REALTIME, &t) != 0)
        return TIME_NONE;
    return (Time)t.tv_sec * NANOSECONDS_PER_SECOND + t.tv_nsec;
}

static bool gather_material(Store *store, const CaseReport *options, Material *ret, Err *err)
{
    const SurveyOptions survey = {.workers = options->info->workers,
                                  .folder = options->settings->temporary,
                                  .progress = options->progress,
                                  .progress_ctx = options->progress_ctx};
    *ret = (Material){.run = {.when = now(),
                              .person = options->info->person,
                              .machine = options->info->machine,
                              .version = options->info->version,
                              .command = options->info->command,
                              .workers = options->info->workers}};
    ret->survey = survey_make(store, &survey, err);
    if (!ret->survey || !findings_init(&ret->findings, err) ||
        !observe(ret->survey, &ret->findings, err))
        return false;
    ret->report = (Report){.survey = ret->survey, .findings = &ret->findings, .run = &ret->run};
    if (!store_content_digest(store, &ret->report.content, err))
        return false;
    ret->detections = detections_make(store, ret->survey, &ret->report.content, err);
    ret->report.detections = ret->detections;
    return ret->detections != NULL;
}

static void material_done(Material *material)
{
    detections_destroy(material->detections);
    findings_done(&material->findings);
    survey_destroy(material->survey);
}

static Catalogue *load_catalogue(const Settings *settings, const char *language, Err *err)
{
    const char *folders[TABLES_MAX];
    for (size_t i = 0; i < settings->table_count; i++)
        folders[i] = settings->tables[i];
    return catalogue_load(folders, settings->table_count, language, err);
}

static char *path_of(const Store *store, size_t language, Err *err)
{
    char *path;
    if (asprintf(&path, "%s/%s", store_folder(store), REPORT_FILE[language]) >= 0)
        return path;
    (void)err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the report");
    return NULL;
}

static bool write_part(Store *store, const CaseReport *options, const Material *material,
                       size_t language, NotedFile *ret, Err *err)
{
    CLEANUP(freep) char *path = path_of(store, language, err);
    CLEANUP(catalogue_destroyp)
    Catalogue *catalogue = load_catalogue(options->settings, REPORT_LANGUAGE[language], err);
    ret->name = text_from_z(REPORT_FILE[language]);
    return path && catalogue &&
           report_write_part(&material->report, catalogue, path, &ret->hash, err);
}

static bool name_part(const Store *store, size_t language, Err *err)
{
    CLEANUP(freep) char *path = path_of(store, language, err);
    return path && report_name_part(path, err);
}

/* What is enciphered is not laid open beside it unasked. */
static bool wanted(const Store *store, const CaseReport *options, size_t language)
{
    return !store_is_encrypted(store) &&
           (!options->language || strcmp(options->language, REPORT_LANGUAGE[language]) == 0);
}

static void tell_ledger(const RunResult *result, ReportRun *run)
{
    run->has_ledger = true;
    run->ledger = result->ledger;
    run->ledger_entries = result->ledger_entries;
    run->is_signed = result->is_signed;
    memcpy(run->public_key, result->public_key, sizeof run->public_key);
}

static void take_figures(const Material *material, CaseFigures *ret)
{
    const Detections *from = material->detections;
    *ret = (CaseFigures){.findings = findings_total(&material->findings),
                         .detections = from->count,
                         .evaluated = from->evaluated,
                         .matched = from->matched};
    memcpy(ret->by_level, from->by_level, sizeof ret->by_level);
    memcpy(ret->rules_by_level, from->rules_by_level, sizeof ret->rules_by_level);
    memcpy(ret->rules_by_state, from->by_state, sizeof ret->rules_by_state);
    for (; ret->top_count < from->matched_count && ret->top_count < DETECTION_TOP_MAX;
         ret->top_count++) {
        const DetectionRule *rule = from->matched_rules[ret->top_count];
        ret->top[ret->top_count].title = label_of(rule->title);
        ret->top[ret->top_count].level = rule->level;
        ret->top[ret->top_count].count = rule->count;
    }
}

bool case_report_write(Store *store, const CaseReport *options, RunResult *result, CaseFigures *ret,
                       Err *err)
{
    Material material;
    NotedFile files[REPORT_LANGUAGES];
    size_t count = 0;
    bool ok = gather_material(store, options, &material, err);
    tell_ledger(result, &material.run);
    for (size_t i = 0; i < REPORT_LANGUAGES && ok; i++)
        if (wanted(store, options, i))
            ok = write_part(store, options, &material, i, &files[count++], err);
    if (ok)
        take_figures(&material, ret);
    material_done(&material);
    /* The ledger first: a report that it does not know would look like one that was altered. */
    ok = ok && store_note_files(store, files, count, result, err);
    for (size_t i = 0; i < REPORT_LANGUAGES && ok; i++)
        ok = !wanted(store, options, i) || name_part(store, i, err);
    return ok;
}

bool case_report_stream(Store *store, const CaseReport *options, HtmlWrite write, void *ctx,
                        Err *err)
{
    Material material = {.survey = NULL};
    CLEANUP(catalogue_destroyp)
    Catalogue *catalogue = load_catalogue(options->settings, options->language, err);
    bool ok = catalogue && gather_material(store, options, &material, err) &&
              report_write(&material.report, catalogue, write, ctx, err);
    material_done(&material);
    return ok;
}
