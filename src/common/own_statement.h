/*
 * own_statement.h
 *		Whether a statement comes from the extension's own code, as far as the privilege watch (audit/watch.c) is concerned.
 *
 * A part of C code that runs statements of ours stands between dwh_own_begin() and dwh_own_end(); dwh_owner_enter() and
 * dwh_owner_leave() are such a pair. No setting and no SQL function reaches this. After an ERROR the end of the (sub)transaction in which
 * a part began ends it, so callers need no PG_TRY. Statements about roles are ours only where the part says that it is about roles, and
 * nothing else is done in that.
 *
 *	int		before = dwh_own_begin(true);
 *
 *	dwh_spi_utility("CREATE ROLE ...");
 *	dwh_own_end(before);
 *
 * What a stranger's trigger or event trigger runs meanwhile is not ours: it runs deeper in triggers, or inside of another utility statement.
 * The watch tells of the latter by dwh_own_statement_begin() and dwh_own_statement_end().
 */
#ifndef DWH_OWN_STATEMENT_H
#define DWH_OWN_STATEMENT_H

extern void dwh_own_init(void);
extern int	dwh_own_begin(bool is_about_roles);
extern void dwh_own_end(int before);
extern bool dwh_own_is_running(bool is_about_roles);
extern bool dwh_own_fired_trigger(void);
extern int	dwh_own_statement_begin(void);
extern void dwh_own_statement_end(int before);

#endif							/* DWH_OWN_STATEMENT_H */
