/*
 * readable.c
 *		Whether a relation may be read as dwh_owner, with all that is read along with it.
 *
 * Whoever owns a relation can make its readers run code: a view's functions, a policy's, the expressions of an index, which the planner
 * evaluates. So it must belong to one who has the rights of dwh_owner anyway, and so must every partition and child of it. Whether it does
 * is asked for every subject whenever an indicator is, so each backend keeps what it found, until it is told that one of those relations,
 * or a role, has changed.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "utils/acl.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "common/owner.h"

/* What was found of a relation. */
typedef struct Checked
{
	Oid			relation;
	DwhReadCheck check;
} Checked;

static HTAB *found = NULL;		/* of Checked */
static HTAB *trees = NULL;		/* of Oid: the relations looked at for them */
static uint64 messages = 0;		/* of change, of any relation or role */
static bool is_stale = false;

/* Relcache callback: notes the change of a relation that was looked at; InvalidOid stands for all. */
static void
note_relation(Datum arg, Oid relid)
{
	messages++;
	if (!OidIsValid(relid) || (trees && hash_search(trees, &relid, HASH_FIND, NULL)))
		is_stale = true;
}

/* Syscache callback: a role or a membership was changed. */
static void
note_role(Datum arg, int cacheid, uint32 hashvalue)
{
	messages++;
	is_stale = true;
}

static HTAB *
make_table(Size entry_size)
{
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(Oid);
	ctl.entrysize = entry_size;
	ctl.hcxt = CacheMemoryContext;
	return hash_create("dwh relations read", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Prepares what is kept, or empties it after a change. */
static void
prepare(void)
{
	if (found == NULL)
	{
		CacheRegisterRelcacheCallback(note_relation, (Datum) 0);
		CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, note_role, (Datum) 0);
		CacheRegisterSyscacheCallback(AUTHOID, note_role, (Datum) 0);
	}
	else if (is_stale)
	{
		hash_destroy(found);
		hash_destroy(trees);
		found = trees = NULL;
	}
	if (found == NULL)
	{
		found = make_table(sizeof(Checked));
		trees = make_table(sizeof(Oid));
		is_stale = false;
	}
}

/* What keeps dwh_owner from reading one relation. One that is gone is nobody's. */
static DwhReadCheck
check_one(Oid relation, bool is_child)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	DwhReadCheck check = {.relation = relation,.refusal = is_child ? DWH_READ_ALLOWED : DWH_READ_FOREIGN};
	Form_pg_class form;

	if (!HeapTupleIsValid(tuple))
		return check;
	form = (Form_pg_class) GETSTRUCT(tuple);
	if (!has_privs_of_role(form->relowner, dwh_owner_oid()))
		check.refusal = DWH_READ_FOREIGN;
	/* of children the row security of what they are read through counts */
	else if (!is_child && form->relrowsecurity && (form->relowner != dwh_owner_oid() || form->relforcerowsecurity))
		check.refusal = DWH_READ_ROW_SECURITY;
	else
		check.refusal = DWH_READ_ALLOWED;
	ReleaseSysCache(tuple);
	return check;
}

/* What keeps dwh_owner from reading a relation, and whether that is the relation itself or one below it. */
DwhReadCheck
dwh_owner_read_check(Oid relation)
{
	Checked    *kept;
	DwhReadCheck check;
	uint64		before;
	List	   *tree;
	ListCell   *lc;

	AcceptInvalidationMessages();
	prepare();
	kept = hash_search(found, &relation, HASH_FIND, NULL);
	if (kept)
		return kept->check;
	before = messages;
	check = check_one(relation, false);
	tree = find_all_inheritors(relation, NoLock, NULL);
	foreach(lc, tree)
		if (check.refusal == DWH_READ_ALLOWED && lfirst_oid(lc) != relation)
			check = check_one(lfirst_oid(lc), true);
	/* what was changed meanwhile is looked at again next time */
	if (messages == before)
	{
		foreach(lc, tree)
			(void) hash_search(trees, &lfirst_oid(lc), HASH_ENTER, NULL);
		((Checked *) hash_search(found, &relation, HASH_ENTER, NULL))->check = check;
	}
	list_free(tree);
	return check;
}

/* Whether a relation may be read as dwh_owner. */
bool
dwh_owner_may_read(Oid relation)
{
	return dwh_owner_read_check(relation).refusal == DWH_READ_ALLOWED;
}
