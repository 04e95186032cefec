/*
 * miscadmin.h
 *		Outside the server nobody interrupts.
 */
#define CHECK_FOR_INTERRUPTS() ((void) 0)
