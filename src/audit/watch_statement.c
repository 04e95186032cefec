/*
 * watch_statement.c
 *		Which utility statements the privilege watch records, what they are about, and their text without passwords.
 *
 * Names are judged as they are written, or found on the search path in the caches: nothing here locks, checks a right, runs a query or
 * raises an error of its own, since it must not be the reason why a statement fails.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "nodes/value.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "audit/watch_statement.h"
#include "common/owner.h"
#include "warehouse/warehouse.h"

static bool
is_our_schema(const char *name)
{
	static const char *const schemas[] = {"dwh", "dwh_internal", "dwh_catalog", "dwh_star", "dwh_landing", "dwh_log"};

	for (int i = 0; name != NULL && i < lengthof(schemas); i++)
		if (strcmp(name, schemas[i]) == 0)
			return true;
	return false;
}

static void
add_name(StringInfo object, const char *schema, const char *name)
{
	appendStringInfo(object, "%s%s%s%s", object->len == 0 ? "" : ", ", schema == NULL ? "" : schema, schema == NULL ? "" : ".", name);
}

/* Whether a relation is ours; if so, its name is added. */
static bool
name_relation(StringInfo object, const char *schema, const char *name)
{
	if (schema == NULL)
	{
		Oid			relation = RelnameGetRelid(name);

		schema = OidIsValid(relation) ? get_namespace_name(get_rel_namespace(relation)) : NULL;
	}
	if (!is_our_schema(schema))
		return false;
	add_name(object, schema, name);
	return true;
}

static bool
name_range(StringInfo object, const RangeVar *relation)
{
	return relation != NULL && name_relation(object, relation->schemaname, relation->relname);
}

/* A qualified name as the grammar gives it, of which the last skip parts name something in the relation (a trigger, a policy). */
static bool
name_list(StringInfo object, List *names, int skip)
{
	int			count = list_length(names) - skip;

	if (count < 1)
		return false;
	return name_relation(object, count > 1 ? strVal(list_nth(names, count - 2)) : NULL, strVal(list_nth(names, count - 1)));
}

/* The name of a function, procedure or aggregate. */
static bool
name_function(StringInfo object, List *names)
{
	const char *name = strVal(llast(names));
	const char *schema = list_length(names) > 1 ? strVal(list_nth(names, list_length(names) - 2)) : NULL;

	if (schema == NULL)
		for (FuncCandidateList found = FuncnameGetCandidates(names, -1, NIL, false, false, false, true);
			 found != NULL && !is_our_schema(schema); found = found->next)
			schema = get_namespace_name(get_func_namespace(found->oid));
	if (!is_our_schema(schema))
		return false;
	add_name(object, schema, name);
	return true;
}

static bool
name_type(StringInfo object, List *names)
{
	const char *name = strVal(llast(names));
	const char *schema = list_length(names) > 1 ? strVal(list_nth(names, list_length(names) - 2)) : NULL;
	HeapTuple	type = schema == NULL ? SearchSysCache1(TYPEOID, ObjectIdGetDatum(TypenameGetTypid(name))) : NULL;

	if (HeapTupleIsValid(type))
	{
		schema = get_namespace_name(((Form_pg_type) GETSTRUCT(type))->typnamespace);
		ReleaseSysCache(type);
	}
	if (!is_our_schema(schema))
		return false;
	add_name(object, schema, name);
	return true;
}

static bool
name_schema(StringInfo object, const char *name)
{
	if (!is_our_schema(name))
		return false;
	add_name(object, NULL, name);
	return true;
}

/* An object of a statement that can be about many kinds of object. */
static bool
name_object(StringInfo object, ObjectType type, Node *node)
{
	switch (type)
	{
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
		case OBJECT_AGGREGATE:
			return name_function(object, castNode(ObjectWithArgs, node)->objname);
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			return name_type(object, IsA(node, TypeName) ? castNode(TypeName, node)->names : castNode(List, node));
		case OBJECT_SCHEMA:
			return name_schema(object, strVal(node));
		case OBJECT_EXTENSION:
			if (strcmp(strVal(node), "dwh_ext") != 0)
				return false;
			add_name(object, NULL, "dwh_ext");
			return true;
		case OBJECT_EVENT_TRIGGER:
			add_name(object, NULL, strVal(node));	/* it sees, and may add to, every statement of ours */
			return true;
		case OBJECT_DATABASE:
			return false;
		case OBJECT_TRIGGER:
		case OBJECT_POLICY:
		case OBJECT_RULE:
		case OBJECT_TABCONSTRAINT:
			return name_list(object, castNode(List, node), 1);
		case OBJECT_TABLE:
		case OBJECT_FOREIGN_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_INDEX:
		case OBJECT_SEQUENCE:
			return name_list(object, castNode(List, node), 0);
		default:
			return false;
	}
}

static bool
name_objects(StringInfo object, ObjectType type, List *nodes)
{
	ListCell   *cell;
	bool		is_ours = false;

	foreach(cell, nodes)
		is_ours |= IsA(lfirst(cell), RangeVar) ? name_range(object, lfirst(cell)) : name_object(object, type, lfirst(cell));
	return is_ours;
}

static void
add_role(StringInfo object, const RoleSpec *role)
{
	if (role == NULL)
		add_name(object, NULL, "ALL");
	else if (role->rolename != NULL)
		add_name(object, NULL, role->rolename);
	else
		add_name(object, NULL, role->roletype == ROLESPEC_PUBLIC ? "PUBLIC" : "CURRENT_USER");
}

/* Whether a role has the rights of one of our groups, or is one. Not as superuser. */
static bool
is_of_ours(Oid role)
{
	for (int i = 0; OidIsValid(role) && i < dwh_role_count; i++)
	{
		Oid			group = get_role_oid(dwh_roles[i].name, true);

		if (OidIsValid(group) && is_member_of_role_nosuper(role, group))
			return true;
	}
	return false;
}

/* Whether the effective user can do more to roles, or to our tables, than anybody can. */
static bool
has_power(void)
{
	return has_createrole_privilege(GetUserId()) ||
		(OidIsValid(dwh_owner_oid()) && is_member_of_role_nosuper(GetUserId(), dwh_owner_oid()));
}

/* Whether a statement gives or takes the rights of one of our groups. */
static bool
is_grant_of_ours(Node *statement)
{
	ListCell   *cell;

	if (IsA(statement, GrantRoleStmt))
		foreach(cell, castNode(GrantRoleStmt, statement)->granted_roles)
			if (is_of_ours(get_role_oid(castNode(AccessPriv, lfirst(cell))->priv_name, true)))
				return true;
	return false;
}

/*
 * Whether a statement about roles is nobody's matter here: given by who has no power and is of none of our groups, and giving nothing of
 * them, it is what anybody may do to his own role (settings, password), as often as he likes.
 */
static bool
is_of_no_concern(Node *statement)
{
	return !has_power() && !is_of_ours(GetUserId()) && !is_grant_of_ours(statement);
}

/* Whether a statement is worth the last places in the ring: settings of roles, and what anybody may do, are not. */
bool
dwh_watch_is_weighty(Node *statement)
{
	return !IsA(statement, AlterRoleSetStmt) && (has_power() || is_grant_of_ours(statement));
}

/* Statements about roles. */
static bool
name_roles(StringInfo object, Node *statement)
{
	ListCell   *cell;

	switch (nodeTag(statement))
	{
		case T_GrantRoleStmt:
			foreach(cell, castNode(GrantRoleStmt, statement)->granted_roles)
				add_name(object, NULL, castNode(AccessPriv, lfirst(cell))->priv_name);
			return true;
		case T_CreateRoleStmt:
			add_name(object, NULL, castNode(CreateRoleStmt, statement)->role);
			return true;
		case T_AlterRoleStmt:
			add_role(object, castNode(AlterRoleStmt, statement)->role);
			return true;
		case T_AlterRoleSetStmt:
			add_role(object, castNode(AlterRoleSetStmt, statement)->role);
			return true;
		case T_DropRoleStmt:
			foreach(cell, castNode(DropRoleStmt, statement)->roles)
				add_role(object, lfirst(cell));
			return true;
		case T_RenameStmt:
			if (castNode(RenameStmt, statement)->renameType != OBJECT_ROLE)
				return false;
			add_name(object, NULL, castNode(RenameStmt, statement)->subname);
			return true;
		default:
			return false;
	}
}

static bool
name_granted(StringInfo object, const GrantStmt *grant)
{
	ListCell   *cell;
	bool		is_ours = false;

	if (grant->targtype == ACL_TARGET_OBJECT)
		return name_objects(object, grant->objtype, grant->objects);
	if (grant->targtype == ACL_TARGET_ALL_IN_SCHEMA)
		foreach(cell, grant->objects)
			is_ours |= name_schema(object, strVal(lfirst(cell)));
	return is_ours;
}

static bool
name_renamed(StringInfo object, const RenameStmt *rename)
{
	if (rename->renameType == OBJECT_SCHEMA)
		return name_schema(object, rename->subname);
	if (rename->relation != NULL)
		return name_range(object, rename->relation);
	return rename->object != NULL && name_object(object, rename->renameType, rename->object);
}

static bool
name_ranges(StringInfo object, List *relations)
{
	ListCell   *cell;
	bool		is_ours = false;

	foreach(cell, relations)
		is_ours |= name_range(object, lfirst_node(RangeVar, cell));
	return is_ours;
}

/* ALTER TABLE: the table, and those that it begins or ceases to inherit from or to have as a partition. */
static bool
name_altered(StringInfo object, const AlterTableStmt *alter)
{
	ListCell   *cell;
	bool		is_ours = name_range(object, alter->relation);

	foreach(cell, alter->cmds)
	{
		const AlterTableCmd *command = lfirst_node(AlterTableCmd, cell);

		if (command->subtype == AT_AddInherit || command->subtype == AT_DropInherit)
			is_ours |= name_range(object, castNode(RangeVar, command->def));
		else if (command->subtype == AT_AttachPartition || command->subtype == AT_DetachPartition)
		{
			const PartitionCmd *partition = castNode(PartitionCmd, command->def);

			if (!is_ours)		/* else it is in the statement */
				is_ours = name_range(object, partition->name);
		}
	}
	return is_ours;
}

/* An object of a statement that is about a relation, or something on one, or about another kind of object. */
static bool
name_relation_or_object(StringInfo object, const RangeVar *relation, ObjectType type, Node *node)
{
	return relation != NULL ? name_range(object, relation) : name_object(object, type, node);
}

/* Objects that are dropped; every extension and language, since objects of ours may hang on it and fall without being named. */
static bool
name_dropped(StringInfo object, const DropStmt *statement)
{
	ListCell   *cell;

	if (statement->removeType != OBJECT_EXTENSION && statement->removeType != OBJECT_LANGUAGE)
		return name_objects(object, statement->removeType, statement->objects);
	foreach(cell, statement->objects)
		add_name(object, NULL, strVal(lfirst(cell)));
	return true;
}

/* Statements that change what belongs to the warehouse, its owner, its guards or who may use it. */
static bool
name_warehouse(StringInfo object, Node *statement)
{
	ListCell   *cell;

	switch (nodeTag(statement))
	{
		case T_GrantStmt:
			return name_granted(object, castNode(GrantStmt, statement));
		case T_AlterDefaultPrivilegesStmt:
			add_name(object, NULL, "default privileges");
			return true;
		case T_AlterTableStmt:
			return name_altered(object, castNode(AlterTableStmt, statement));
		case T_CreateStmt:
			return name_ranges(object, castNode(CreateStmt, statement)->inhRelations);
		case T_CreateForeignTableStmt:
			return name_ranges(object, ((CreateForeignTableStmt *) statement)->base.inhRelations);
		case T_IndexStmt:
			return name_range(object, castNode(IndexStmt, statement)->relation);
		case T_CreateEventTrigStmt:
			add_name(object, NULL, castNode(CreateEventTrigStmt, statement)->trigname);
			return true;
		case T_AlterEventTrigStmt:
			add_name(object, NULL, castNode(AlterEventTrigStmt, statement)->trigname);
			return true;
		case T_AlterSeqStmt:
			return name_range(object, castNode(AlterSeqStmt, statement)->sequence);
		case T_RenameStmt:
			return name_renamed(object, castNode(RenameStmt, statement));
		case T_AlterObjectSchemaStmt:
			{
				AlterObjectSchemaStmt *alter = castNode(AlterObjectSchemaStmt, statement);

				return name_relation_or_object(object, alter->relation, alter->objectType, alter->object);
			}
		case T_AlterOwnerStmt:
			{
				AlterOwnerStmt *alter = castNode(AlterOwnerStmt, statement);

				return name_relation_or_object(object, alter->relation, alter->objectType, alter->object);
			}
		case T_AlterObjectDependsStmt:
			{
				/* what depends on an extension falls with it */
				AlterObjectDependsStmt *alter = castNode(AlterObjectDependsStmt, statement);

				return name_relation_or_object(object, alter->relation, alter->objectType, alter->object);
			}
		case T_DropStmt:
			return name_dropped(object, castNode(DropStmt, statement));
		case T_DropOwnedStmt:
			foreach(cell, castNode(DropOwnedStmt, statement)->roles)
				add_role(object, lfirst(cell));
			return true;
		case T_ReassignOwnedStmt:
			foreach(cell, castNode(ReassignOwnedStmt, statement)->roles)
				add_role(object, lfirst(cell));
			return true;
		case T_CreatePolicyStmt:
			return name_range(object, castNode(CreatePolicyStmt, statement)->table);
		case T_AlterPolicyStmt:
			return name_range(object, castNode(AlterPolicyStmt, statement)->table);
		case T_CreateTrigStmt:
			return name_range(object, castNode(CreateTrigStmt, statement)->relation);
		case T_RuleStmt:
			return name_range(object, castNode(RuleStmt, statement)->relation);
		case T_ViewStmt:
			return castNode(ViewStmt, statement)->replace && name_range(object, castNode(ViewStmt, statement)->view);
		case T_CreateFunctionStmt:
			return castNode(CreateFunctionStmt, statement)->replace &&
				name_function(object, castNode(CreateFunctionStmt, statement)->funcname);
		case T_AlterFunctionStmt:
			return name_function(object, castNode(AlterFunctionStmt, statement)->func->objname);
		case T_AlterExtensionStmt:
			return name_object(object, OBJECT_EXTENSION, (Node *) makeString(castNode(AlterExtensionStmt, statement)->extname));
		case T_AlterExtensionContentsStmt:
			return name_object(object, OBJECT_EXTENSION, (Node *) makeString(castNode(AlterExtensionContentsStmt, statement)->extname));
		default:
			return false;
	}
}

/* What a statement concerns; if anything, the names of it are in object. The script of our own extension concerns nothing. */
DwhWatchScope
dwh_watch_scope(Node *statement, StringInfo object)
{
	if (creating_extension && CurrentExtensionObject == get_extension_oid("dwh_ext", true))
		return DWH_WATCH_NOTHING;
	if (name_roles(object, statement))
		return is_of_no_concern(statement) ? DWH_WATCH_NOTHING : DWH_WATCH_ROLES;
	return name_warehouse(object, statement) ? DWH_WATCH_WAREHOUSE : DWH_WATCH_NOTHING;
}

/* The options of CREATE and ALTER ROLE, written anew; a password is not. */
static void
put_role_options(StringInfo text, List *options)
{
	static const struct
	{
		const char *option;
		const char *yes;
		const char *no;
	}			flags[] = {
		{"superuser", "SUPERUSER", "NOSUPERUSER"},
		{"inherit", "INHERIT", "NOINHERIT"},
		{"createrole", "CREATEROLE", "NOCREATEROLE"},
		{"createdb", "CREATEDB", "NOCREATEDB"},
		{"canlogin", "LOGIN", "NOLOGIN"},
		{"isreplication", "REPLICATION", "NOREPLICATION"},
		{"bypassrls", "BYPASSRLS", "NOBYPASSRLS"},
	};
	ListCell   *cell;

	foreach(cell, options)
	{
		DefElem    *option = lfirst(cell);
		int			i = 0;

		while (i < lengthof(flags) && strcmp(option->defname, flags[i].option) != 0)
			i++;
		if (i < lengthof(flags))
			appendStringInfo(text, " %s", boolVal(option->arg) ? flags[i].yes : flags[i].no);
		else if (strcmp(option->defname, "password") == 0)
			appendStringInfoString(text, " PASSWORD (not recorded)");
		else if (strcmp(option->defname, "connectionlimit") == 0)
			appendStringInfo(text, " CONNECTION LIMIT %d", intVal(option->arg));
		else if (strcmp(option->defname, "validUntil") == 0)
			appendStringInfo(text, " VALID UNTIL %s", quote_literal_cstr(strVal(option->arg)));
		else if (option->arg != NULL && IsA(option->arg, List))
		{
			ListCell   *member;
			StringInfoData names;

			initStringInfo(&names);
			foreach(member, (List *) option->arg)
				add_role(&names, lfirst(member));
			appendStringInfo(text, " %s %s", strcmp(option->defname, "addroleto") == 0 ? "IN ROLE" :
							 strcmp(option->defname, "adminmembers") == 0 ? "ADMIN" : "ROLE", names.data);
		}
	}
}

static bool
has_password(List *options)
{
	ListCell   *cell;

	foreach(cell, options)
		if (strcmp(lfirst_node(DefElem, cell)->defname, "password") == 0 && lfirst_node(DefElem, cell)->arg != NULL)
			return true;
	return false;
}

/* Whether a setting's value may be a secret: one of somebody's library. */
static bool
is_foreign_setting(const VariableSetStmt *set)
{
	return set->kind == VAR_SET_VALUE && set->name != NULL && strchr(set->name, '.') != NULL && strncmp(set->name, "dwh_ext.", 8) != 0;
}

/* The text of a statement as it was given; where a password would be in it, written anew without. Palloc'ed. */
char *
dwh_watch_text(const PlannedStmt *planned, const char *query)
{
	Node	   *statement = planned->utilityStmt;
	StringInfoData text;
	int			start = Max(planned->stmt_location, 0);
	int			length = planned->stmt_len > 0 ? planned->stmt_len : (int) strlen(query) - start;

	initStringInfo(&text);
	if (IsA(statement, CreateRoleStmt) && has_password(castNode(CreateRoleStmt, statement)->options))
	{
		appendStringInfo(&text, "CREATE ROLE %s", quote_identifier(castNode(CreateRoleStmt, statement)->role));
		put_role_options(&text, castNode(CreateRoleStmt, statement)->options);
	}
	else if (IsA(statement, AlterRoleStmt) && has_password(castNode(AlterRoleStmt, statement)->options))
	{
		StringInfoData name;

		initStringInfo(&name);
		add_role(&name, castNode(AlterRoleStmt, statement)->role);
		appendStringInfo(&text, "ALTER ROLE %s", name.data);
		put_role_options(&text, castNode(AlterRoleStmt, statement)->options);
	}
	else if (IsA(statement, AlterRoleSetStmt) && is_foreign_setting(castNode(AlterRoleSetStmt, statement)->setstmt))
	{
		StringInfoData name;

		initStringInfo(&name);
		add_role(&name, castNode(AlterRoleSetStmt, statement)->role);
		appendStringInfo(&text, "ALTER ROLE %s SET %s = (not recorded)", name.data, castNode(AlterRoleSetStmt, statement)->setstmt->name);
	}
	else
	{
		while (length > 0 && isspace((unsigned char) query[start]))
			start++, length--;
		appendBinaryStringInfo(&text, query + start, length);
	}
	return text.data;
}
