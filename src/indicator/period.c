/*
 * period.c
 *		Months, periods and frames.
 *
 * A month is the date of its first day. A period is asked for by its first month; year-to-date by the month it runs to.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/datetime.h"

#include "common/errors.h"
#include "indicator/indicator.h"

/* Periods that one call may look at: asked ones and those that functions over time reach back to. */
#define MAX_FRAMES 20000

/* Years that may be asked for. */
#define MIN_YEAR 1800
#define MAX_YEAR 9999

static const struct
{
	const char *name;
	int			nmonths;
}			period_types[] =
{
	[DWH_PERIOD_MONTH] = {"month", 1},
	[DWH_PERIOD_QUARTER] = {"quarter", 3},
	[DWH_PERIOD_HALF] = {"half", 6},
	[DWH_PERIOD_YEAR] = {"year", 12},
	[DWH_PERIOD_YTD] = {"ytd", 1},	/* from one asked period to the next */
};

/* First day of the day's month. */
DateADT
dwh_month_start(DateADT day)
{
	return dwh_month_add(day, 0);
}

/* First day of the month that lies nmonths after the day's month. */
DateADT
dwh_month_add(DateADT month, int nmonths)
{
	int			y,
				m,
				d;
	int			total;

	j2date(month + POSTGRES_EPOCH_JDATE, &y, &m, &d);
	total = y * 12 + (m - 1) + nmonths;
	return date2j(total / 12, total % 12 + 1, 1) - POSTGRES_EPOCH_JDATE;
}

/* Last day of the month. */
DateADT
dwh_month_end(DateADT month)
{
	return dwh_month_add(month, 1) - 1;
}

/* Months from one month to another. */
int
dwh_month_diff(DateADT from, DateADT to)
{
	int			y1,
				m1,
				y2,
				m2,
				d;

	j2date(from + POSTGRES_EPOCH_JDATE, &y1, &m1, &d);
	j2date(to + POSTGRES_EPOCH_JDATE, &y2, &m2, &d);
	return (y2 - y1) * 12 + (m2 - m1);
}

/* January of the day's year. */
static DateADT
year_start(DateADT day)
{
	int			y,
				m,
				d;

	j2date(day + POSTGRES_EPOCH_JDATE, &y, &m, &d);
	return date2j(y, 1, 1) - POSTGRES_EPOCH_JDATE;
}

/* The type that a word of the caller names; raises 22023 for any other word. */
DwhPeriodType
dwh_period_type_parse(const char *name)
{
	for (int i = 0; i < lengthof(period_types); i++)
		if (strcmp(name, period_types[i].name) == 0)
			return (DwhPeriodType) i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is no kind of period", name),
			 errhint("Use month, quarter, half, year or ytd.")));
}

const char *
dwh_period_type_name(DwhPeriodType type)
{
	return period_types[type].name;
}

/* A frame; with map_on = DATEVAL_NOEND it is shown on the map of its own last day. */
DwhFrame
dwh_frame_make(DwhPeriodType type, DateADT first, DateADT last, DateADT map_on)
{
	DwhFrame	frame;

	frame.type = type;
	frame.first = first;
	frame.last = last;
	frame.map_on = map_on == DATEVAL_NOEND ? dwh_month_end(last) : map_on;
	frame.nmonths = dwh_month_diff(first, last) + 1;
	return frame;
}

static void
need_month(DateADT date, const char *argument)
{
	if (DATE_NOT_FINITE(date))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a finite date", argument)));
	if (date < date2j(MIN_YEAR, 1, 1) - POSTGRES_EPOCH_JDATE || date > date2j(MAX_YEAR, 12, 31) - POSTGRES_EPOCH_JDATE)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s must lie in the years %d to %d", argument, MIN_YEAR, MAX_YEAR)));
	if (dwh_month_start(date) != date)
		ereport(ERROR,
				(errcode(ERRCODE_DWH_NOT_A_MONTH),
				 errmsg("%s is no first day of a month: %s", argument, dwh_date_iso(date)),
				 errdetail("A month is named by its first day."),
				 errhint("Use %s.", dwh_date_iso(dwh_month_start(date)))));
}

/*
 * The frames of the periods that begin from p_from on and up to p_to. Raises WH102 where a date is no month, 22023 where from
 * does not begin a period, lies after to, or more than 1,200 periods are asked for.
 */
List *
dwh_period_frames(DwhPeriodType type, DateADT from, DateADT to, DateADT map_on)
{
	int			step = period_types[type].nmonths;
	List	   *frames = NIL;

	need_month(from, "p_from");
	need_month(to, "p_to");
	if (from > to)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("p_from %s lies after p_to %s", dwh_date_iso(from), dwh_date_iso(to))));
	if (dwh_month_diff(year_start(from), from) % step != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("p_from %s does not begin a %s", dwh_date_iso(from), period_types[type].name),
				 errhint("Use %s.", dwh_date_iso(dwh_month_add(from, -(dwh_month_diff(year_start(from), from) % step))))));
	if (dwh_month_diff(from, to) / step >= 1200)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("more than 1200 periods asked for"),
				 errhint("Ask for fewer periods at once.")));

	for (DateADT start = from; start <= to; start = dwh_month_add(start, step))
	{
		DwhFrame   *frame = palloc(sizeof(DwhFrame));

		if (type == DWH_PERIOD_YTD)
			*frame = dwh_frame_make(type, year_start(start), start, map_on);
		else
			*frame = dwh_frame_make(type, start, dwh_month_add(start, step - 1), map_on);
		frames = lappend(frames, frame);
	}
	return frames;
}

/* The month that names the frame's period: its first one, for year-to-date the one it runs to. */
DateADT
dwh_frame_label(const DwhFrame *frame)
{
	return frame->type == DWH_PERIOD_YTD ? frame->last : frame->first;
}

/* The period that lies nperiods later (earlier when negative), on the same map. */
DwhFrame
dwh_frame_shift(const DwhFrame *frame, int nperiods)
{
	int			nmonths = nperiods * period_types[frame->type].nmonths;
	DateADT		last = dwh_month_add(frame->last, nmonths);
	DateADT		first = frame->type == DWH_PERIOD_YTD ? year_start(last) : dwh_month_add(frame->first, nmonths);

	return dwh_frame_make(frame->type, first, last, frame->map_on);
}

/* The same period of the year before, on the same map. */
DwhFrame
dwh_frame_year_before(const DwhFrame *frame)
{
	return dwh_frame_make(frame->type, dwh_month_add(frame->first, -12), dwh_month_add(frame->last, -12),
						  frame->map_on);
}

/* January to the frame's last month, on the same map. */
DwhFrame
dwh_frame_ytd(const DwhFrame *frame)
{
	return dwh_frame_make(DWH_PERIOD_YTD, year_start(frame->last), frame->last, frame->map_on);
}

/* The number of a frame within the evaluation; added when new. */
int
dwh_frame_index(DwhEvaluation *ev, DwhFrame frame)
{
	for (int i = 0; i < ev->nframes; i++)
		if (ev->frames[i].first == frame.first && ev->frames[i].last == frame.last &&
			ev->frames[i].map_on == frame.map_on && ev->frames[i].type == frame.type)
			return i;
	if (!ev->family->collecting)
		elog(ERROR, "a frame is needed that was not collected");
	if (frame.first < date2j(1, 1, 1) - POSTGRES_EPOCH_JDATE)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("the formulas reach back before the year 1")));
	if (ev->nframes == MAX_FRAMES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the formulas reach over more than %d periods", MAX_FRAMES),
				 errhint("Ask for fewer periods at once, or nest rolling_sum, rolling_avg and prev less deep.")));
	if (ev->nframes == ev->max_frames)
	{
		ev->max_frames = Max(16, ev->max_frames * 2);
		ev->frames = ev->frames ? repalloc(ev->frames, ev->max_frames * sizeof(DwhFrame))
			: palloc(ev->max_frames * sizeof(DwhFrame));
	}
	ev->frames[ev->nframes] = frame;
	return ev->nframes++;
}
