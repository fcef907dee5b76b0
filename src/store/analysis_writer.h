/* analysis_writer.h: the analysis that a run is writing; part of its Writer. */
#ifndef STORE_ANALYSIS_WRITER_H
#define STORE_ANALYSIS_WRITER_H

typedef struct AnalysisWriter AnalysisWriter;

void analysis_writer_destroy(AnalysisWriter *writer); /* NULL is fine */

#endif
