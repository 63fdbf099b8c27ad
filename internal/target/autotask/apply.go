package autotask

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/target"
)

// responseBytesMax is how much of an answer a receipt keeps.
const responseBytesMax = 4 << 10

// write is one change as a request. Paths are built from the change's own ids, so that a wrong parent is impossible; child-only
// entities are written below their contract (Autotask sheet §2.8).
type write struct {
	method  string
	path    string
	body    map[string]any
	entity  string // for metadata and for the row itself: Contracts, ContractServices …
	id      string // of the row that is changed, "" for creates
	creates bool   // the answer carries the id of something new
}

// Apply sends one change with exactly one write. See the port for what its errors mean.
func (t *Target) Apply(ctx context.Context, change plan.Change) (target.Receipt, error) {
	if err := t.mindBudget(ctx); err != nil {
		return target.Receipt{}, unsent(err)
	}
	w, err := t.writeFor(ctx, change)
	if err != nil {
		return target.Receipt{}, err
	}
	if _, put := t.putOnly.Load(w.entity); put && w.method == http.MethodPatch {
		return t.put(ctx, w)
	}
	receipt, err := t.sendWrite(ctx, w)
	if w.method == http.MethodPatch && fault.Is(err, fault.KindNotFound) {
		return t.patchNotFound(ctx, w, receipt, err)
	}
	return receipt, err
}

// unsent keeps an error of a read before a write from being taken for the write's own: nothing was sent, so it may be tried again.
func unsent(err error) error {
	switch fault.KindOf(err) {
	case fault.KindWaitUntil, fault.KindUnauthorized:
		return err
	}
	return fault.Transientf("read the call counter: %w", err)
}

// writeFor makes the request of a change. It may read metadata, never write.
func (t *Target) writeFor(ctx context.Context, c plan.Change) (write, error) {
	build, ok := map[plan.ChangeKind]func(context.Context, plan.Change) (write, error){
		plan.CreateContract: t.createContract,
		plan.ExtendContract: t.extendContract,
		plan.CreateService:  t.createService,
		plan.AttachService:  t.attachService,
		plan.AddRepeat:      t.addRepeat,
		plan.MarkLine:       t.markLine,
		plan.Increase:       t.adjust,
		plan.Decrease:       t.adjust,
		plan.Reprice:        t.adjust,
		plan.End:            t.adjust,
		plan.CreateCharge:   t.createCharge,
		plan.CorrectCharge:  t.correctCharge,
		plan.RemoveCharge:   t.removeCharge,
	}[c.Kind]
	if !ok {
		return write{}, fault.Newf(fault.KindInternal, "Autotask has no write for a change of kind %q", c.Kind)
	}
	return build(ctx, c)
}

// sendWrite sends a write once and reads its answer.
func (t *Target) sendWrite(ctx context.Context, w write) (target.Receipt, error) {
	request, err := requestText(w)
	if err != nil {
		return target.Receipt{}, err
	}
	receipt := target.Receipt{Request: t.scrub(request)}
	var body any
	if w.body != nil {
		body = w.body
	}
	r, err := t.call(ctx, w.method, w.path, body)
	if err != nil {
		return receipt, err
	}
	receipt.Response = t.scrub(responseText(r))
	if err := t.failure(r); err != nil {
		return receipt, err
	}
	var answer struct {
		ItemID wireID `json:"itemId"`
	}
	if err := json.Unmarshal(r.body, &answer); err != nil {
		return receipt, fault.UnknownOutcomef("%s: Autotask's answer cannot be read: %w", r.what, err).Do(settleRemedy)
	}
	if !w.creates {
		return receipt, nil // adjustments answer a null id (Autotask sheet §5.5)
	}
	if !answer.ItemID.set || answer.ItemID.n <= 0 {
		return receipt, fault.UnknownOutcomef("%s: Autotask says yes but names no id", r.what).Do(settleRemedy)
	}
	receipt.ID = answer.ItemID.String()
	return receipt, nil
}

func requestText(w write) (string, error) {
	if w.body == nil {
		return w.method + " /" + w.path, nil
	}
	raw, err := json.Marshal(w.body)
	if err != nil {
		return "", fault.Newf(fault.KindInternal, "a request body cannot be written: %w", err)
	}
	return fmt.Sprintf("%s /%s\n%s", w.method, w.path, raw), nil
}

func responseText(r reply) string {
	body := r.body
	if len(body) > responseBytesMax {
		body = body[:responseBytesMax]
	}
	return fmt.Sprintf("%d\n%s", r.status, strings.ToValidUTF8(string(body), "�"))
}
