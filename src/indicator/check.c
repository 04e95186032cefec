/*
 * check.c
 *		Checks a formula against the catalogue before it is saved or evaluated: names, numbers of arguments, types, dimensions,
 *		cycles. Every error says at which position of the formula.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "common/errors.h"
#include "common/nearest.h"
#include "indicator/indicator.h"

/* References looked at in one check: with conditions each way to a measure is a check of its own. */
#define MAX_REFERENCES 5000

typedef struct Checker
{
	DwhCatalogue *catalogue;
	const char *source;
	const char *code;			/* of the indicator the formula is for; NULL where it is for none yet */
	DwhFormulaFacts *facts;
	List	   *visited;		/* of char *: indicators followed already */
	int			followed;		/* references looked at */
	const DwhNode *at;			/* the part of the formula looked at, for error positions */
} Checker;

typedef enum ValueType
{
	TYPE_NUMBER,
	TYPE_CONDITION
} ValueType;

static ValueType check(Checker *checker, const DwhNode *node);

/* Gives every error raised during the check its position in the formula. */
static void
position_callback(void *arg)
{
	const Checker *checker = arg;

	if (checker->at && getinternalerrposition() == 0)
	{
		internalerrposition(dwh_formula_position(checker->source, checker->at->location));
		internalerrquery(checker->source);
	}
}

static bool
list_has(List *list, const char *text)
{
	ListCell   *lc;

	foreach(lc, list)
		if (strcmp(lfirst(lc), text) == 0)
			return true;
	return false;
}

pg_noreturn static void type_error(Checker *checker, const DwhNode *node, ValueType wanted);

static void
type_error(Checker *checker, const DwhNode *node, ValueType wanted)
{
	checker->at = node;
	ereport(ERROR,
			(errcode(ERRCODE_DWH_FORMULA_TYPE),
			 errmsg("\"%s\" is a %s where a %s is needed", dwh_formula_deparse(node),
					wanted == TYPE_NUMBER ? "condition" : "number", wanted == TYPE_NUMBER ? "number" : "condition"),
			 wanted == TYPE_NUMBER ? errhint("Use if(condition, a, b) to turn a condition into a number.") :
			 errhint("Compare it, as in [A] > 0.")));
}

static void
check_as(Checker *checker, const DwhNode *node, ValueType wanted)
{
	if (check(checker, node) != wanted)
		type_error(checker, node, wanted);
}

/* Narrows the dimensions of the formula to those of the subject. */
static void
narrow_dimensions(Checker *checker, DwhSubject *subject)
{
	List	   *kept = NIL;
	ListCell   *lc;

	foreach(lc, checker->facts->dimensions)
		if (dwh_subject_dimension(subject, lfirst(lc)))
			kept = lappend(kept, lfirst(lc));
	checker->facts->dimensions = kept;
}

/* The conditions in braces must hold over the columns and dimensions of the measure's subject. */
static void
check_conditions(Checker *checker, DwhMeasure *measure, const DwhNode *where, List *conditions)
{
	DwhRowScope scope = dwh_subject_rows(measure->subject, "month_end");
	ListCell   *lc;

	if (!OidIsValid(measure->subject->relation))
		return;
	foreach(lc, conditions)
	{
		/* conditions of the checked formula itself are shown where they stand, those of others where they are reached from */
		checker->at = list_member_ptr(where->args, lfirst(lc)) ? lfirst(lc) : where;
		(void) dwh_row_compile_condition(&scope, dwh_formula_deparse(lfirst(lc)), "what stands in braces");
	}
}

pg_noreturn static void unknown_code(Checker *checker, const DwhNode *node);

static void
unknown_code(Checker *checker, const DwhNode *node)
{
	DwhNearest	nearest;
	ListCell   *lc;

	dwh_nearest_begin(&nearest, node->text);
	foreach(lc, checker->catalogue->indicators)
		dwh_nearest_offer(&nearest, ((DwhIndicator *) lfirst(lc))->code);
	foreach(lc, checker->catalogue->measures)
		dwh_nearest_offer(&nearest, ((DwhMeasure *) lfirst(lc))->code);
	ereport(ERROR,
			(errcode(ERRCODE_DWH_FORMULA_REFERENCE),
			 errmsg("[%s] is neither an indicator nor a measure", node->text),
			 nearest.best ? errhint("Did you mean [%s]?", nearest.best) :
			 errhint("The codes stand in dwh_catalog.indicator and dwh_catalog.measure.")));
}

/*
 * A reference: its measures narrow the dimensions, its indicators are followed, all versions of them, to find cycles. conditions
 * are those of the references on the way. where is the node of the checked formula that led here, for positions.
 */
static void
check_reference(Checker *checker, const DwhNode *node, const DwhNode *where, List *conditions, bool wants_set, int depth)
{
	DwhIndicator *indicator = dwh_catalogue_indicator(checker->catalogue, node->text);
	DwhMeasure *measure;
	ListCell   *lc;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (++checker->followed > MAX_REFERENCES)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_TOO_LARGE),
				 errmsg("[%s] refers to too much", where->text),
				 errdetail("Following references leads to more than %d.", MAX_REFERENCES),
				 errhint("Refer to measures directly.")));
	if (checker->code && strcmp(node->text, checker->code) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_CYCLE),
				 errmsg("indicator \"%s\" would refer to itself", checker->code),
				 where == node ? 0 : errdetail("[%s] leads back to it.", where->text),
				 errhint("Refer to the measures it is made of instead.")));
	conditions = list_concat_copy(conditions, node->args);
	if (indicator)
	{
		if (list_has(checker->visited, node->text) && conditions == NIL && !wants_set)
			return;
		if (depth > 50)
			ereport(ERROR,
					(errcode(ERRCODE_DWH_FORMULA_CYCLE),
					 errmsg("[%s] refers to itself", where->text)));
		checker->visited = lappend(checker->visited, (void *) node->text);
		foreach(lc, indicator->versions)
		{
			List	   *references = NIL;
			DwhNode    *formula = dwh_version_formula(indicator, lfirst(lc));
			ListCell   *r;

			if (wants_set && formula->kind != DWH_NODE_REF)
				ereport(ERROR,
						(errcode(ERRCODE_DWH_FORMULA_TYPE),
						 errmsg("[%s] is no set of people", where->text),
						 errdetail("Its formula is \"%s\".", dwh_formula_deparse(formula)),
						 errhint("people() takes distinct measures, or indicators that are nothing but one.")));
			dwh_formula_references(formula, &references);
			foreach(r, references)
				check_reference(checker, lfirst(r), where, conditions, wants_set, depth + 1);
		}
		return;
	}
	measure = dwh_catalogue_measure(checker->catalogue, node->text);
	if (measure == NULL)
		unknown_code(checker, node);
	if (wants_set && strcmp(measure->aggregate, "distinct") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_TYPE),
				 errmsg("[%s] is no set of people", where->text),
				 errdetail("Measure \"%s\" takes the %s of rows.", measure->code, measure->aggregate),
				 errhint("people() takes distinct measures, or indicators that are nothing but one.")));
	if (wants_set && OidIsValid(measure->subject->relation) && !dwh_row_is_int(measure->subject->relation, measure->expression))
		ereport(ERROR,
				(errcode(ERRCODE_DWH_FORMULA_TYPE),
				 errmsg("[%s] is no set of people", where->text),
				 errdetail("Measure \"%s\" counts different values of \"%s\", which is no column of type integer.", measure->code, measure->expression),
				 errhint("Sets hold ids of type integer, such as person_id; [%s] by itself counts the values.", where->text)));
	check_conditions(checker, measure, where, conditions);
	narrow_dimensions(checker, measure->subject);
}

static void
note_reference(Checker *checker, const DwhNode *node, bool wants_set)
{
	if (!list_has(checker->facts->references, node->text))
		checker->facts->references = lappend(checker->facts->references, (void *) node->text);
	check_reference(checker, node, node, NIL, wants_set, 0);
}

static void
check_set(Checker *checker, const DwhNode *node)
{
	ListCell   *lc;

	check_stack_depth();
	checker->at = node;
	if (node->kind == DWH_NODE_REF)
		note_reference(checker, node, true);
	else
		foreach(lc, node->args)
			check_set(checker, lfirst(lc));
}

static ValueType
check_call(Checker *checker, const DwhNode *node)
{
	int			nargs = list_length(node->args);
	int			min_args;
	int			max_args;
	ListCell   *lc;

	if (strcmp(node->text, "if") == 0 && nargs == 3)
	{
		ValueType	type;

		check_as(checker, linitial(node->args), TYPE_CONDITION);
		type = check(checker, lsecond(node->args));
		check_as(checker, lthird(node->args), type);
		return type;
	}
	if (dwh_context_function(node->text, &min_args) && nargs == min_args)
	{
		if (strcmp(node->text, "people") == 0)
			check_set(checker, linitial(node->args));
		else
			check_as(checker, linitial(node->args), TYPE_NUMBER);
		if (nargs == 2)
		{
			checker->at = lsecond(node->args);
			(void) dwh_periods_argument(node);
		}
		return TYPE_NUMBER;
	}
	if (!dwh_scalar_function(node->text, &min_args, &max_args) || nargs < min_args || nargs > max_args)
		dwh_formula_unknown_function(node);
	foreach(lc, node->args)
		check_as(checker, lfirst(lc), TYPE_NUMBER);
	return TYPE_NUMBER;
}

static ValueType
check_binary(Checker *checker, const DwhNode *node)
{
	bool		is_logic = strcmp(node->text, "and") == 0 || strcmp(node->text, "or") == 0;
	bool		is_comparison = strchr("=<>", node->text[0]) != NULL;
	ListCell   *lc;

	foreach(lc, node->args)
		check_as(checker, lfirst(lc), is_logic ? TYPE_CONDITION : TYPE_NUMBER);
	return is_logic || is_comparison ? TYPE_CONDITION : TYPE_NUMBER;
}

/* Checks a node and gives its type. */
static ValueType
check(Checker *checker, const DwhNode *node)
{
	ValueType	type;
	ListCell   *lc;

	check_stack_depth();
	checker->at = node;
	switch (node->kind)
	{
		case DWH_NODE_NUMBER:
		case DWH_NODE_NULL:
			return TYPE_NUMBER;
		case DWH_NODE_BOOL:
			return TYPE_CONDITION;
		case DWH_NODE_REF:
			note_reference(checker, node, false);
			return TYPE_NUMBER;
		case DWH_NODE_CALL:
			return check_call(checker, node);
		case DWH_NODE_UNARY:
			type = strcmp(node->text, "not") == 0 ? TYPE_CONDITION : TYPE_NUMBER;
			check_as(checker, linitial(node->args), type);
			return type;
		case DWH_NODE_BINARY:
			return check_binary(checker, node);
		case DWH_NODE_IN:
			foreach(lc, node->args)
				check_as(checker, lfirst(lc), TYPE_NUMBER);
			return TYPE_CONDITION;
		case DWH_NODE_IS_NULL:
			check_as(checker, linitial(node->args), TYPE_NUMBER);
			return TYPE_CONDITION;
		case DWH_NODE_STRING:
		case DWH_NODE_PATH:
		case DWH_NODE_SET:
			break;
	}
	ereport(ERROR,
			(errcode(ERRCODE_DWH_FORMULA_TYPE),
			 errmsg("\"%s\" is neither a number nor a condition", dwh_formula_deparse(node)),
			 errhint("Names and quoted text belong into the braces after a reference, as in [A01]{sex = 'F'}.")));
}

/*
 * How many periods the functions over time within a node reach over together, by the longest period; see times() in over_time.c. There
 * are no cycles. What indicators reach is worked out once.
 */
static int
reach_of(DwhCatalogue *catalogue, const DwhNode *node)
{
	DwhIndicator *indicator = node->kind == DWH_NODE_REF ? dwh_catalogue_indicator(catalogue, node->text) : NULL;
	int			reach = 1;
	ListCell   *lc;

	check_stack_depth();
	if (node->kind == DWH_NODE_REF)
	{
		if (indicator && indicator->reach == 0)
		{
			foreach(lc, indicator->versions)
			{
				int			part = reach_of(catalogue, dwh_version_formula(indicator, lfirst(lc)));

				reach = Max(reach, part);
			}
			indicator->reach = reach;
		}
		return indicator ? indicator->reach : 1;
	}
	foreach(lc, node->args)
	{
		/* not within Max(), which would work out each of its arguments twice: 2^n times, n levels down */
		int			part = reach_of(catalogue, lfirst(lc));

		reach = Max(reach, part);
	}
	if (dwh_node_is_op(node, DWH_NODE_CALL, "growth"))
		reach *= 2;
	else if (dwh_node_is_op(node, DWH_NODE_CALL, "average"))
		reach *= 12;
	else if (node->kind == DWH_NODE_CALL && strncmp(node->text, "rolling_", strlen("rolling_")) == 0)
		reach *= dwh_periods_argument(node);
	dwh_reach_check(reach);
	return reach;
}

/*
 * Parses and checks a formula; code is that of the indicator it is meant for, or NULL. What the formula refers to and which
 * dimensions it can be given by goes to facts.
 */
void
dwh_formula_check(DwhCatalogue *catalogue, const char *source, const char *code, DwhFormulaFacts *facts)
{
	Checker		checker = {0};
	ErrorContextCallback context;

	facts->formula = dwh_formula_parse(source);
	facts->references = NIL;
	facts->dimensions = list_copy(catalogue->dimension_codes);
	checker.catalogue = catalogue;
	checker.source = source;
	checker.code = code;
	checker.facts = facts;
	context.callback = position_callback;
	context.arg = &checker;
	context.previous = error_context_stack;
	error_context_stack = &context;
	check_as(&checker, facts->formula, TYPE_NUMBER);
	checker.at = facts->formula;
	(void) reach_of(catalogue, facts->formula);
	error_context_stack = context.previous;
	if (facts->references == NIL)
		facts->dimensions = NIL;
}
