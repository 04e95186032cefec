/*
 * disclosure.h
 *		Disclosure control of tables of sums: which cells of an additive table are left out, so that no sensitive one can be worked out.
 *
 * A table has some dimensions, each a tree of nodes (country, regions, provinces), and a cell for every tuple of nodes; a cell of a
 * node with children is the sum of the cells of these children. So every cell is a sum of leaf cells. The attacker of the literature
 * (Willenborg & de Waal, Elements of Statistical Disclosure Control, 2001; Fischetti & Salazar, Math. Programming 84, 1999, and
 * Management Science 47, 2001; Hundepool et al., Statistical Disclosure Control, 2012) knows the published cells, and that nothing is
 * negative; for each cell he solves two linear programs, for the least and the greatest value that it can have. The cell is safe when
 * these are at least as far apart as its protection interval, [figure - low, figure + high].
 *
 * Cells that are neither published nor suppressed are hidden: margins that belong to no published table. So several tables with common
 * margins are one table here, of which some parts are hidden.
 *
 * What was published before of the same table are further layers of it. The attacker has read them all, and knows which figures did not
 * change between two of them, also of the cells that he does not see, but not by how much the others did: a figure that is the same in
 * two layers is one variable of his programs.
 */
#ifndef DWH_DISCLOSURE_H
#define DWH_DISCLOSURE_H

#include "fmgr.h"

#define DWH_DIMENSIONS_MAX	8
#define DWH_DEPTH_MAX		8
#define DWH_CELLS_MAX		4000000
#define DWH_FIGURE_MAX		(INT64CONST(1) << 58)
#define DWH_LAYERS_MAX		64

typedef enum DwhCellState
{
	DWH_CELL_PUBLISHED,
	DWH_CELL_PRIMARY,
	DWH_CELL_SECONDARY,
	DWH_CELL_HIDDEN,
	DWH_CELL_EARLIER			/* left out before, with a figure that is still the same */
} DwhCellState;

typedef struct DwhDimension
{
	int			nodes;			/* node 0 is the total */
	int		   *parent;			/* before its children; -1 for node 0 */
	int		   *depth;
	bool	   *is_leaf;
	int64		stride;			/* of its nodes in the number of a cell */
} DwhDimension;

typedef struct DwhLayer
{
	int64	   *counts;			/* contributors of each cell; 0: it is empty, and published as that */
	int64	  **figures;		/* by measure and cell */
	char	   *states;			/* DwhCellState of each cell */
} DwhLayer;

typedef struct DwhDisclosureTable
{
	int			ndimensions;
	DwhDimension dimensions[DWH_DIMENSIONS_MAX];
	int			nmeasures;
	int64		ncells;
	int			nlayers;
	DwhLayer	layers[DWH_LAYERS_MAX]; /* 0 is to be published, the others were */
	double	   *weights;		/* what suppressing a cell costs */
} DwhDisclosureTable;

/* What is to be out of reach of the attacker: a figure of a cell, within its interval. */
typedef struct DwhSensitive
{
	int			layer;
	int64		cell;
	int			measure;
	int64		low;
	int64		high;
} DwhSensitive;

/*
 * A change of leaf cells that leaves alone whatever lies outside its support: in every dimension a leaf goes up and its partner goes
 * down by the same amount, or there is no partner and every total above the leaf goes up, too. The change of a cell is the product.
 */
typedef struct DwhMove
{
	int			leaf[DWH_DIMENSIONS_MAX];
	int			partner[DWH_DIMENSIONS_MAX];	/* -1: none */
	uint64		layers;			/* that it changes, as bits */
	int64		amount;			/* negative: the other way round */
} DwhMove;

/* Another table that the attacker cannot tell from the true one, in which a sensitive figure is higher or lower by an amount. */
typedef struct DwhWitness
{
	DwhSensitive *sensitive;
	int			direction;		/* 1 or -1 */
	int64		amount;
	int			nmoves;
	DwhMove    *moves;
} DwhWitness;

/* disclosure.c */
extern void dwh_disclosure_coordinates(const DwhDisclosureTable *table, int64 cell, int *nodes);
extern bool dwh_disclosure_is_same(const DwhDisclosureTable *table, int measure, int64 cell, int layer, int other);
extern bool dwh_disclosure_is_below(const DwhDimension *dimension, int node, int top);
extern int	dwh_disclosure_protect(DwhDisclosureTable *table, DwhSensitive *sensitive, int nsensitive, DwhWitness **witnesses);

/* disclosure_audit.c */
extern void dwh_disclosure_check_sums(const DwhDisclosureTable *table);
extern void dwh_disclosure_audit(const DwhDisclosureTable *table, const DwhSensitive *sensitive, int nsensitive,
								 const DwhWitness *witnesses, int nwitnesses);

#endif							/* DWH_DISCLOSURE_H */
