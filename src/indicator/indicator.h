/*
 * indicator.h
 *		Evaluation of indicators: catalogue, periods, scans of facts, formulas over their results.
 *
 * One call works in this order, all in one memory context that dies with the call:
 *   catalogue.c   reads measures, indicators and formula versions
 *   units.c       reads the units and who lay under whom on which day
 *   check.c       checks a formula before it is saved
 *   period.c      turns the asked periods into frames (first month, last month, date of the map)
 *   evaluate.c    walks the formulas once to collect requests (measure, filter) and the frames they need
 *   source.c      decides whether the facts or a summary answer
 *   scan.c        answers the requests: one statement per source and kind of time behaviour
 *   manual.c      the same for figures entered by people, whose own row wins over the sum of the units below
 *   opening.c     tells which share of the provinces in a running sum have their opening load
 *   evaluate.c    walks the formulas again, now over values; over_time.c and arithmetic.c hold the functions of the language
 *   answer.c      does all that for many values
 *   closed.c      closed periods, whose frozen values are the answer
 *   values.c      the SQL functions over many values; single.c and explain.c those over one
 * Everything but values.c expects SPI to be connected and dwh_owner to be in force.
 */
#ifndef DWH_INDICATOR_H
#define DWH_INDICATOR_H

#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"
#include "utils/date.h"
#include "utils/hsearch.h"

#include "formula/formula.h"
#include "star/star.h"

typedef enum DwhPeriodType
{
	DWH_PERIOD_MONTH,
	DWH_PERIOD_QUARTER,
	DWH_PERIOD_HALF,
	DWH_PERIOD_YEAR,
	DWH_PERIOD_YTD
} DwhPeriodType;

/* Worst last: the status of an expression is the worst of its parts. */
typedef enum DwhStatus
{
	DWH_STATUS_OK,
	DWH_STATUS_PARTIAL,
	DWH_STATUS_SPLIT,			/* says more than partial, which the completeness says too */
	DWH_STATUS_UNDEFINED,		/* a result that does not exist, as sqrt(-1) */
	DWH_STATUS_ZERO_DENOMINATOR,
	DWH_STATUS_NO_DATA,
	DWH_STATUS_NO_SOURCE,
	DWH_STATUS_OUT_OF_SCOPE,	/* of a unit above that the caller may not see */
	DWH_STATUS_WRONG_PERIOD
} DwhStatus;

/* Months to be brought together, and the day whose map they are shown on. */
typedef struct DwhFrame
{
	DwhPeriodType type;
	DateADT		first;			/* first day of the first month */
	DateADT		last;			/* first day of the last month */
	DateADT		map_on;
	int			nmonths;
} DwhFrame;

typedef struct DwhSubject
{
	int			subject_id;
	char	   *code;
	Oid			relation;		/* InvalidOid while no source feeds it */
	char	   *month_column;
	char	   *unit_column;
	bool		source_checked;
	bool		has_rows;		/* valid once source_checked */
	List	   *dimensions;		/* of DwhSubjectDimension */
} DwhSubject;

typedef struct DwhSubjectDimension
{
	char	   *code;
	DwhNode    *expression;
} DwhSubjectDimension;

typedef struct DwhMeasure
{
	char	   *code;
	DwhSubject *subject;
	char	   *aggregate;
	char	   *expression;		/* NULL for a count of rows */
	char	   *filter;			/* NULL for all rows */
	char	   *opening_filter; /* NULL where no opening load is asked for */
	char	   *behaviour;
	char	   *unit_column;
} DwhMeasure;

typedef struct DwhVersion
{
	int			version;
	char	   *source;
	DwhNode    *formula;		/* parsed at first need */
	DateADT		valid_from;
	DateADT		valid_to;		/* DATEVAL_NOEND where open */
} DwhVersion;

typedef struct DwhIndicator
{
	char	   *code;
	int			indicator_id;
	char	   *base_unit;
	int32		subject_id;		/* under which it is published: decides who sees its values */
	Bitmapset  *periods;		/* of DwhPeriodType */
	List	   *versions;		/* of DwhVersion, by valid_from */
	int			reach;			/* of its functions over time, once worked out; see reach_of() */
} DwhIndicator;

typedef struct DwhCatalogue
{
	List	   *subjects;
	List	   *measures;
	List	   *indicators;
	List	   *dimension_codes;	/* of char * */
	DwhMeasure **measures_by_code;
	DwhIndicator **indicators_by_code;
} DwhCatalogue;

/* A condition on a dimension that the caller asked for (p_filter). */
typedef struct DwhDimensionFilter
{
	char	   *dimension;
	Datum		values;			/* text[] */
	bool		has_null;		/* rows without a value are asked for too */
} DwhDimensionFilter;

/* A unit, as answers and hierarchies need it. */
typedef struct DwhUnitInfo
{
	int			unit_id;
	int			parent_id;		/* 0 for the root */
	char	   *code;
	char	   *name;
	DwhUnitLevel level;
	DateADT		valid_from;
	DateADT		valid_to;		/* DATEVAL_NOEND where open */
	int			rank;			/* among all units, by code and unit_id */
	List	   *predecessors;	/* of DwhPredecessor */
} DwhUnitInfo;

/* A unit that was renamed to another or merged into it as a whole, and from which day on. */
typedef struct DwhPredecessor
{
	DwhUnitInfo *unit;
	DateADT		effective_on;
} DwhPredecessor;

/* Which unit belongs to which province by its parents, whatever the day. One above or outside of provinces belongs to itself. */
typedef struct DwhProvinces
{
	Datum		unit_ids;		/* int[]: all units, by unit_id */
	Datum		province_ids;	/* int[]: of each its province */
	int64		hash;			/* of both */
} DwhProvinces;

typedef struct DwhUnitTable
{
	int			n;
	DwhUnitInfo *units;			/* by unit_id */
	DwhProvinces *provinces;	/* NULL: not asked yet; see dwh_unit_provinces() */
} DwhUnitTable;

/* How a request is answered; requests of one subject and kind share a statement. */
typedef enum DwhScanKind
{
	DWH_SCAN_WINDOW,			/* rows of the frame, brought together at once */
	DWH_SCAN_MONTHLY,			/* rows of the frame, month by month, then added */
	DWH_SCAN_RUNNING,			/* all rows up to the end of the frame */
	DWH_SCAN_MANUAL				/* figures entered by people */
} DwhScanKind;

/* What a statement reads: the facts of a subject or a summary of them. */
typedef struct DwhSource
{
	DwhSubject *subject;
	struct DwhSummary *summary; /* NULL: the facts */
	bool		is_by_province; /* the summary's cells by province */
	const char *relation_sql;
	const char *month_column;
	const char *unit_column;
} DwhSource;

typedef struct DwhRequest
{
	int			index;
	DwhMeasure *measure;
	List	   *conditions;		/* of DwhNode, from [CODE]{...} */
	char	   *conditions_key; /* their canonical text */
	DwhScanKind kind;
	bool		wants_set;		/* the people themselves, for people(), not their number */
	Bitmapset  *frames;			/* in which it is needed */
	DwhSource  *source;			/* once planned; NULL where nothing is read */
} DwhRequest;

/* A cell of the answer: what one group of rows stands for. */
typedef struct DwhCellKey
{
	int			frame;
	int			unit_id;
	int			dims;			/* index into DwhEvaluation.dim_sets */
	int			is_split;
} DwhCellKey;

typedef struct DwhPresenceKey
{
	int			frame;
	int			unit_id;
	int			is_split;
} DwhPresenceKey;

/* Which months of which units below a unit have rows. */
typedef struct DwhPresence
{
	DwhPresenceKey key;
	List	   *parts;			/* of DwhPresencePart */
} DwhPresence;

typedef struct DwhPresencePart
{
	int			unit_id;		/* province, or the unit itself at base level */
	Bitmapset  *months;			/* numbers of months within the frame */
} DwhPresencePart;

typedef struct DwhPresenceMap
{
	DwhSubject *subject;
	const char *unit_column;
	HTAB	   *cells;			/* of DwhPresence */
	List	   *unknown;		/* of int: units that stand in rows and nowhere else; such rows count for nobody */
} DwhPresenceMap;

/* One value of one request in one cell. */
typedef struct DwhCellValue
{
	bool		is_set;
	bool		is_null;
	Datum		value;			/* numeric, or id_set where the request wants it */
	float8		completeness;
} DwhCellValue;

typedef struct DwhCell
{
	DwhCellKey	key;
	DwhCellValue *values;		/* by request */
} DwhCell;

typedef struct DwhValue
{
	bool		is_null;
	Datum		number;			/* numeric (id_set within people()), when not null */
	DwhStatus	status;
	float8		completeness;
} DwhValue;

/* Everything of one call; parent() and national() reach from the evaluation at one level to that at another. */
typedef struct DwhFamily
{
	DwhCatalogue *catalogue;
	DwhUnitTable *units;
	int			root_unit_id;
	List	   *dimensions;		/* of char *: the dimensions asked for, in order */
	List	   *filters;		/* of DwhDimensionFilter */
	struct DwhEvaluation *at_level[DWH_MAP_LEVELS];	/* NULL until needed */
	bool		(*names_unit) (void *arg, int unit_id, DateADT map_on); /* whether the question names it; NULL: every unit */
	void	   *names_unit_arg;
	bool		is_scoped;		/* whether the caller's scope binds the answer */
	int32		published_in;	/* subject of the indicator whose formula is walked, where it does */
	List	   *summaries;		/* of DwhSummary, once read */
	bool		summaries_read;
	List	   *sources;		/* of DwhSource: those met */
	bool		collecting;
	int			depth;			/* of references followed */
	int			followed;		/* references of one formula and those below it, while collecting */
} DwhFamily;

/* What is computed at one level of units. */
typedef struct DwhEvaluation
{
	DwhFamily  *family;
	DwhMapLevel level;
	DwhFrame   *frames;
	int			nframes;
	int			max_frames;
	List	   *requests;		/* of DwhRequest */
	HTAB	   *cells;			/* of DwhCell */
	List	   *dim_sets;		/* of List of char * (NULL = no value) */
	HTAB	   *dim_index;		/* their numbers by hash; NULL while there are none */
	List	   *presence;		/* of DwhPresenceMap */
	Bitmapset  *used_requests;	/* while collecting: what the walk has needed */
	Bitmapset  *used_frames;
} DwhEvaluation;

/* Parameters of a statement, in order. */
typedef struct DwhParameters
{
	int			n;
	Oid			types[64];
	Datum		values[64];
} DwhParameters;

/* What aggregates look at in the rows of a statement. */
typedef struct DwhRowColumns
{
	List	   *sql;			/* of char *: expressions over f, m and joined tables */
} DwhRowColumns;

/* A statement that answers requests, or tells which units have rows in which months. */
typedef struct DwhStatement
{
	DwhEvaluation *ev;
	DwhSubject *subject;
	DwhSource  *source;
	List	   *requests;		/* of DwhRequest; NIL: about the presence */
	Bitmapset  *frames;
	const char *unit_column;	/* of the subject, whose presence is asked */
	char	   *sql;
	DwhParameters parameters;
} DwhStatement;

/* Where a walk over a formula stands. */
typedef struct DwhPlace
{
	DwhEvaluation *ev;
	int			frame;
	const DwhCellKey *cell;		/* its frame is not looked at */
	List	   *conditions;		/* of the references on the way down */
	int			reach;			/* how often the functions over time around it evaluate it; 0 counts as 1 */
} DwhPlace;

/* An indicator in a period: what a question is about. */
typedef struct DwhAsked
{
	DwhIndicator *indicator;
	DwhFrame	frame;
	struct DwhClosed *closed;	/* the closing that answers for it (closed.h); NULL: the period is open, or nobody asked */
} DwhAsked;

/* What is known of one of them for a unit and a combination of dimension values. */
typedef struct DwhAnswer
{
	const DwhAsked *asked;
	DwhVersion *version;		/* NULL where none is in force */
	DwhEvaluation *ev;			/* says the level, and the dimension values by number */
	DwhUnitInfo *unit;
	bool		is_split;
	int			dims;
	DwhValue	value;
	bool		is_ratio;		/* whether there are the next two */
	DwhValue	numerator;
	DwhValue	denominator;
	bool		is_frozen;		/* the value is that of asked->closed */
} DwhAnswer;

typedef struct DwhQuestion
{
	DwhFamily  *family;
	List	   *levels;			/* of int: DwhMapLevel */
	List	   *asked;			/* of DwhAsked */
	bool		(*wants_unit) (void *arg, const DwhAsked *asked, int unit_id);	/* NULL: every unit */
	void		(*take) (void *arg, const DwhAnswer *answer);
	void	   *arg;
} DwhQuestion;

/* answer.c */
extern void dwh_question_answer(DwhQuestion *question);
extern List *dwh_question_plan(DwhQuestion *question);

/* values.c */
extern Datum dwh_share_numeric(float8 share);

/* catalogue.c */
extern DwhCatalogue *dwh_catalogue_load(void);
extern DwhIndicator *dwh_catalogue_indicator(DwhCatalogue *catalogue, const char *code);
extern DwhMeasure *dwh_catalogue_measure(DwhCatalogue *catalogue, const char *code);
extern DwhIndicator *dwh_catalogue_need_indicator(DwhCatalogue *catalogue, const char *code);
extern DwhVersion *dwh_indicator_version(DwhIndicator *indicator, DateADT last_day);
extern DwhNode *dwh_version_formula(DwhIndicator *indicator, DwhVersion *version);
extern DwhSubjectDimension *dwh_subject_dimension(DwhSubject *subject, const char *code);
extern bool dwh_subject_has_rows(DwhSubject *subject);
extern DwhRowScope dwh_subject_rows(DwhSubject *subject, const char *month_end);
pg_noreturn extern void dwh_catalogue_unknown_code(DwhCatalogue *catalogue, const char *code, bool with_measures);

/* units.c */
extern DwhUnitTable *dwh_unit_table_load(void);
extern DwhUnitInfo *dwh_unit_find(DwhUnitTable *table, int unit_id);
extern DwhUnitInfo *dwh_unit_info(DwhUnitTable *table, int unit_id);
extern Datum dwh_unit_ids(DwhUnitTable *table);
extern const DwhProvinces *dwh_unit_provinces(DwhUnitTable *table);
extern List *dwh_units_at(DwhUnitTable *table, DwhMapLevel level, DateADT on);
extern List *dwh_unit_children(DwhUnitTable *table, DwhUnitInfo *unit, DateADT on);
extern void dwh_units_check_codes(DwhUnitTable *table, List *codes, List *frames);
extern void dwh_units_check_map(DateADT map_on, List *frames);

/* period.c */
extern DateADT dwh_month_start(DateADT day);
extern DateADT dwh_month_add(DateADT month, int nmonths);
extern DateADT dwh_month_end(DateADT month);
extern int	dwh_month_diff(DateADT from, DateADT to);
extern DwhPeriodType dwh_period_type_parse(const char *name);
extern const char *dwh_period_type_name(DwhPeriodType type);
extern DwhFrame dwh_frame_make(DwhPeriodType type, DateADT first, DateADT last, DateADT map_on);
extern List *dwh_period_frames(DwhPeriodType type, DateADT from, DateADT to, DateADT map_on);
extern DateADT dwh_frame_label(const DwhFrame *frame);
extern DwhFrame dwh_frame_shift(const DwhFrame *frame, int nperiods);
extern DwhFrame dwh_frame_year_before(const DwhFrame *frame);
extern DwhFrame dwh_frame_ytd(const DwhFrame *frame);
extern int	dwh_frame_index(DwhEvaluation *ev, DwhFrame frame);

/* scan.c */
extern List *dwh_scan_plan(DwhEvaluation *ev);
extern void dwh_scan_run(DwhEvaluation *ev);
extern int	dwh_parameter_add(DwhParameters *parameters, Oid type, Datum value);
extern char *dwh_row_column(DwhRowColumns *columns, const char *sql);
extern DwhCell *dwh_cell_enter(DwhEvaluation *ev, const DwhCellKey *key);
extern char *dwh_dimension_sql(DwhRowScope *scope, DwhMeasure *measure, const char *code);
extern int	dwh_dim_set_find(DwhEvaluation *ev, List *values);
extern int	dwh_dim_set_index(DwhEvaluation *ev, List *values);
extern DwhPresence *dwh_presence_find(DwhEvaluation *ev, const DwhRequest *request, const DwhCellKey *key);

/* opening.c */
extern float8 dwh_opening_share(Datum opening, Datum booked, DwhMapLevel level);

/* source.c */
extern void dwh_source_choose(DwhEvaluation *ev, List *requests, DateADT first, DateADT last);
extern DwhSource *dwh_source_presence(DwhFamily *family, DwhSubject *subject, const char *unit_column, DateADT first, DateADT last);
extern DwhRowScope dwh_source_rows(DwhSource *source, const char *month_end);
extern char *dwh_source_column_sql(DwhSource *source, const char *code);
extern char *dwh_source_state_sql(DwhSource *source, DwhRowColumns *rows, const DwhRequest *request, const char *filter);

/* manual.c */
extern List *dwh_manual_plan(DwhEvaluation *ev, List *requests);
extern void dwh_manual_run(DwhStatement *statement);

/* evaluate.c */
extern DwhEvaluation *dwh_evaluation_at(DwhFamily *family, DwhMapLevel level);
extern void dwh_family_scan(DwhFamily *family);
extern DwhSource *dwh_measure_source(const DwhPlace *place, DwhMeasure *measure, bool wants_set);
extern DwhScanKind dwh_request_kind(const DwhMeasure *measure);
extern bool dwh_measure_is_mean(const DwhMeasure *measure);
extern DwhValue dwh_evaluate(const DwhPlace *place, const DwhNode *node);
extern DwhValue dwh_evaluate_set(const DwhPlace *place, const DwhNode *node);
pg_noreturn extern void dwh_formula_unknown_function(const DwhNode *call);
extern bool dwh_ratio_parts(const DwhNode *node, const DwhNode **numerator, const DwhNode **denominator);

/* check.c */
typedef struct DwhFormulaFacts
{
	DwhNode    *formula;
	List	   *references;		/* of char *: codes, each once */
	List	   *dimensions;		/* of char *: those that every measure below it has */
} DwhFormulaFacts;

extern void dwh_formula_check(DwhCatalogue *catalogue, const char *source, const char *code, DwhFormulaFacts *facts);

/* dependents.c: a version whose values follow from those of another, and for which of its days */
typedef struct DwhDependent
{
	DwhIndicator *indicator;
	DwhVersion *version;		/* NULL: a measure, for all days */
	const char *code;
	DateADT		from;
	DateADT		to;
	int			depth;
} DwhDependent;

extern List *dwh_dependents(DwhCatalogue *catalogue, const char *code);

/* visible.c */
extern bool dwh_caller_sees_values(void);
extern void dwh_family_bind(DwhFamily *family);
extern bool dwh_family_sees(DwhFamily *family, const DwhIndicator *indicator, int unit_id, DateADT map_on);
extern bool dwh_place_is_visible(const DwhPlace *place);
extern DwhValue dwh_public_value(const DwhPlace *place, const DwhNode *node);

/* over_time.c */
extern bool dwh_context_function(const char *name, int *nargs);
extern void dwh_reach_check(int reach);
extern int	dwh_periods_argument(const DwhNode *call);
extern DwhValue dwh_context_value(const DwhPlace *place, const DwhNode *call);
extern List *dwh_context_places(const DwhPlace *place, const DwhNode *call);

/* single.c */
typedef struct DwhSingle
{
	DwhFamily  *family;
	DwhIndicator *indicator;
	DwhAsked	asked;
	const struct DwhClosedValue *frozen;	/* what answers for it in a closed period; NULL: the live value, or nothing */
	bool		is_frozen;
	DwhVersion *version;		/* NULL where none is in force */
	bool		wrong_period;
	bool		is_visible;		/* else nothing below was prepared, and nothing may be told */
	DwhCellKey	key;
	DwhPlace	place;			/* of the value; its cell is key */
} DwhSingle;

extern void dwh_single_check_arguments(FunctionCallInfo fcinfo);
extern void dwh_single_prepare(DwhSingle *single, FunctionCallInfo fcinfo, bool with_tree);
extern DwhValue dwh_single_value(DwhSingle *single);

/* arithmetic.c */
extern const char *dwh_status_name(DwhStatus status);
extern DwhStatus dwh_status_parse(const char *name);
extern DwhValue dwh_value_missing(DwhStatus status, float8 completeness);
extern DwhValue dwh_value_number(Datum number);
extern DwhValue dwh_value_read(Datum number);
extern DwhValue dwh_value_int(int64 number);
extern DwhValue dwh_value_constant(const char *digits);
extern bool dwh_value_is_true(DwhValue value);
extern DwhValue dwh_value_arithmetic(const char *op, DwhValue a, DwhValue b);
extern DwhValue dwh_value_compare(const char *op, DwhValue a, DwhValue b);
extern DwhValue dwh_value_logic(const char *op, DwhValue a, DwhValue b);
extern bool dwh_scalar_function(const char *name, int *min_args, int *max_args);
extern DwhValue dwh_value_function(const char *name, DwhValue *args, int nargs);

#endif							/* DWH_INDICATOR_H */
