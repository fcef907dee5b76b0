/* app.h: the program: which command, which help, which exit code. */
#ifndef APP_APP_H
#define APP_APP_H

int app_main(int argc, char **argv);

#endif
