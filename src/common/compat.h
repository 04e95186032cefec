/*
 * compat.h
 *		What differs between versions of PostgreSQL, 15 and later, and is needed in several files. Includes nothing.
 */
#ifndef DWH_COMPAT_H
#define DWH_COMPAT_H

/* A function that does not return is marked before everything else: from 18 on by PostgreSQL's own word. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

/* One check of access for all kinds of object, from 16 on. */
#if PG_VERSION_NUM >= 160000
#define pg_namespace_aclcheck(namespace, role, mode) object_aclcheck(NamespaceRelationId, namespace, role, mode)
#endif

/* The last argument of ExecutorRun, which is gone from 18 on. */
#if PG_VERSION_NUM >= 180000
#define DWH_EXECUTE_ONCE_ARG
#define DWH_EXECUTE_ONCE
#define DWH_EXECUTE_AGAIN
#else
#define DWH_EXECUTE_ONCE_ARG , bool execute_once
#define DWH_EXECUTE_ONCE , execute_once
#define DWH_EXECUTE_AGAIN , false
#endif

/* The last argument of ExecInsertIndexTuples: also the indexes that do not summarize; from 16 on. */
#if PG_VERSION_NUM >= 160000
#define DWH_ONLY_SUMMARIZING , false
#else
#define DWH_ONLY_SUMMARIZING
#endif

/* The CHECKs of a table that is written to, as they are executed; from 18 on some may not be enforced. */
#if PG_VERSION_NUM >= 180000
#define DWH_RI_CHECKS ri_CheckConstraintExprs
#define DWH_CHECK_IS_ENFORCED(check) ((check).ccenforced)
#else
#define DWH_RI_CHECKS ri_ConstraintExprs
#define DWH_CHECK_IS_ENFORCED(check) true
#endif

/* The backend of a virtual transaction id. */
#if PG_VERSION_NUM >= 170000
#define DWH_VIRTUAL_BACKEND(id) ((id).procNumber)
#else
#define DWH_VIRTUAL_BACKEND(id) ((id).backendId)
#endif

#endif							/* DWH_COMPAT_H */
