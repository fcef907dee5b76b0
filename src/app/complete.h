/* complete.h: what a shell may offer for the word that is being typed. The scripts in completion/
 * ask `constat __complete WORD...`, so they never differ from the program. */
#ifndef APP_COMPLETE_H
#define APP_COMPLETE_H

/* `argv`: the words after the program's name; the last one is not finished, perhaps empty. Prints
 * candidates, "word TAB what it is", one a line, and a last line that says what else fits there:
 * ":files", ":folders" or ":nothing". */
void complete(int argc, char *const *argv);

#endif
