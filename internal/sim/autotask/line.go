package autotask

import (
	"slices"
	"sort"
	"time"

	"github.com/shopspring/decimal"
)

// adjustment is a dated change of a line (Autotask sheet §5.5).
type adjustment struct {
	id          int64
	date        time.Time
	change      int64
	price, cost *decimal.Decimal
}

// line is one instance of a service, or of a bundle, on a contract, with what the engine knows about it.
type line struct {
	record      *record // row of ContractServices or ContractServiceBundles
	contractID  int64
	itemID      int64 // service or bundle
	adjustments []adjustment
	posted      map[time.Time]*postedPeriod
	frozenPrice decimal.Decimal // catalogue price when the line was made, internal currency

	rowIDs       map[rowKey]int64
	cache        []*unitRow
	cacheVersion int64
}

// rowKey keeps unit row ids stable over recalculation. A row made anew beside a posted one of the same day is a later generation.
type rowKey struct {
	start      time.Time
	generation int
}

// postedPeriod remembers what approve-and-post did with one period of a line.
type postedPeriod struct {
	start, end time.Time
	rows       []*unitRow
	settled    map[int64]bool // adjustments whose effect on the period is posted
	items      []int64        // billing items
}

// unitRow is one row of ContractServiceUnits or ContractServiceBundleUnits.
type unitRow struct {
	line        *line
	id          int64
	start, end  time.Time
	units       int64
	price, cost decimal.Decimal // extended
	posted      time.Time       // zero while pending
}

func newLine(r *record, itemField string) *line {
	return &line{record: r, contractID: r.num("contractID"), itemID: r.num(itemField), posted: map[time.Time]*postedPeriod{},
		rowIDs: map[rowKey]int64{}, cacheVersion: -1}
}

// withAdjustment returns a line's adjustments and one more, in date order, after those of the same day.
func withAdjustment(list []adjustment, a adjustment) []adjustment {
	at := sort.Search(len(list), func(i int) bool { return list[i].date.After(a.date) })
	return slices.Insert(slices.Clone(list), at, a)
}

func (l *line) add(a adjustment) {
	l.adjustments = withAdjustment(l.adjustments, a)
	l.stale()
}

func (l *line) stale() { l.cacheVersion = -1 }

func (l *line) adjustedOn(day time.Time) bool {
	return slices.ContainsFunc(l.adjustments, func(a adjustment) bool { return a.date.Equal(day) })
}

// lowestFrom is the smallest total of units on any day from a date on.
func lowestFrom(adjustments []adjustment, day time.Time) int64 {
	var total int64
	i := 0
	for ; i < len(adjustments) && !adjustments[i].date.After(day); i++ {
		total += adjustments[i].change
	}
	lowest := total
	for i < len(adjustments) {
		same := adjustments[i].date
		for ; i < len(adjustments) && adjustments[i].date.Equal(same); i++ {
			total += adjustments[i].change
		}
		lowest = min(lowest, total)
	}
	return lowest
}

// lineSet holds the lines of one kind and the unit rows made from them.
type lineSet struct {
	unitEntity, adjustmentEntity *entity
	byID                         map[int64]*line
	byContract                   map[int64][]*line // in order of creation
	nextRow, nextAdjustment      int64

	sorted       []*unitRow // all rows in id order
	sortedSerial int64
}

func newLineSet(units, adjustments *entity) lineSet {
	return lineSet{unitEntity: units, adjustmentEntity: adjustments, byID: map[int64]*line{}, byContract: map[int64][]*line{},
		nextRow: units.firstID, nextAdjustment: adjustments.firstID, sortedSerial: -1}
}

func (s *lineSet) insert(l *line) {
	s.byID[l.record.id] = l
	s.byContract[l.contractID] = append(s.byContract[l.contractID], l)
}

// instances lists the lines of a contract that carry one service or bundle.
func (s *lineSet) instances(contractID, itemID int64) []*line {
	var list []*line
	for _, l := range s.byContract[contractID] {
		if l.itemID == itemID {
			list = append(list, l)
		}
	}
	return list
}

// allLines returns every line in order of creation.
func (s *lineSet) allLines() []*line {
	ids := make([]int64, 0, len(s.byID))
	for id := range s.byID {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	list := make([]*line, len(ids))
	for i, id := range ids {
		list[i] = s.byID[id]
	}
	return list
}
