package layout

import (
	"encoding/hex"
	"fmt"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
)

// A delivery lies under its received time and id; meta keeps the way from the id to that key while it exists.

func deliveryKey(d flow.Delivery) []byte { return join(instant(d.At), []byte(d.ID)) }

func stateKey(state flow.DeliveryState, key []byte) []byte { return join(word(string(state)), key) }

// PutDelivery implements store.Tx.
func (t *Tx) PutDelivery(d flow.Delivery) error {
	at := []byte("delivery/" + d.ID)
	if k := t.kv.Get(meta, at); k != nil {
		old, err := t.deliveryAt(k)
		if err != nil {
			return err
		}
		d.At = old.At
		return t.replaceDelivery(old, d)
	}
	key := deliveryKey(d)
	if err := t.kv.Put(meta, at, key); err != nil {
		return err
	}
	return t.writeDelivery(key, d, "")
}

func (t *Tx) replaceDelivery(old, d flow.Delivery) error {
	return t.writeDelivery(deliveryKey(old), d, old.State)
}

func (t *Tx) writeDelivery(key []byte, d flow.Delivery, was flow.DeliveryState) error {
	v, err := sealDelivery(d)
	if err != nil {
		return fmt.Errorf("write delivery %s: %w", d.ID, err)
	}
	if err := t.kv.Put(deliveries, key, v); err != nil {
		return err
	}
	if was == d.State {
		return nil
	}
	if was != "" && was != flow.Done {
		if err := t.kv.Delete(deliveryState, stateKey(was, key)); err != nil {
			return err
		}
	}
	if d.State != flow.Done {
		if err := t.kv.Put(deliveryState, stateKey(d.State, key), nil); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) deliveryAt(key []byte) (flow.Delivery, error) {
	d, err := openDelivery(t.kv.Get(deliveries, key))
	if err != nil {
		return d, fmt.Errorf("delivery %s: %w", key[8:], err)
	}
	return d, nil
}

// Delivery implements store.Tx.
func (t *Tx) Delivery(id string) (flow.Delivery, bool, error) {
	k := t.kv.Get(meta, []byte("delivery/"+id))
	if k == nil {
		return flow.Delivery{}, false, nil
	}
	d, err := t.deliveryAt(k)
	return d, err == nil, err
}

// SetDelivery implements store.Tx.
func (t *Tx) SetDelivery(id string, state flow.DeliveryState, why string) error {
	d, ok, err := t.Delivery(id)
	if err != nil || !ok {
		return err
	}
	old := d
	d.State, d.Why = state, why
	return t.replaceDelivery(old, d)
}

// Deliveries implements store.Tx.
func (t *Tx) Deliveries(q store.DeliveryQuery) ([]flow.Delivery, string, error) {
	table, prefix := deliveries, []byte(nil)
	if q.State != "" && q.State != flow.Done {
		table, prefix = deliveryState, word(string(q.State))
	}
	end := after(prefix)
	if q.After != "" {
		cursor, err := hex.DecodeString(q.After)
		if err != nil {
			return nil, "", fmt.Errorf("page cursor %q: %w", q.After, err)
		}
		end = join(prefix, cursor)
	}
	var keys [][]byte
	t.kv.Descend(table, prefix, end, func(k, _ []byte) bool {
		keys = append(keys, clone(k[len(prefix):]))
		// One more than the page; a filter may need more, which the caller asks for by the cursor.
		return len(keys) <= limit(q.Limit) || q.Instance != "" || q.State == flow.Done
	})
	var list []flow.Delivery
	for i, k := range keys {
		d, err := t.deliveryAt(k)
		if err != nil {
			return nil, "", err
		}
		if (q.Instance != "" && d.Instance != q.Instance) || (q.State != "" && d.State != q.State) {
			continue
		}
		list = append(list, d)
		if len(list) == limit(q.Limit) && i+1 < len(keys) {
			return list, hex.EncodeToString(k), nil
		}
	}
	return list, "", nil
}

// DropDeliveries implements store.Tx.
func (t *Tx) DropDeliveries(before time.Time, n int) (int, error) {
	var keys [][]byte
	t.kv.Ascend(deliveries, nil, instant(before), func(k, _ []byte) bool {
		keys = append(keys, clone(k))
		return len(keys) < n
	})
	dropped := 0
	for _, k := range keys {
		d, err := t.deliveryAt(k)
		if err != nil {
			return dropped, err
		}
		if d.State == flow.Waiting {
			continue
		}
		if err := t.dropDelivery(k, d); err != nil {
			return dropped, err
		}
		dropped++
	}
	return dropped, nil
}

func (t *Tx) dropDelivery(k []byte, d flow.Delivery) error {
	if err := t.kv.Delete(deliveries, k); err != nil {
		return err
	}
	if err := t.kv.Delete(meta, []byte("delivery/"+d.ID)); err != nil {
		return err
	}
	return t.kv.Delete(deliveryState, stateKey(d.State, k))
}

// CountDeliveries implements store.Tx. It counts keys: a number kept beside them would be written with every delivery
// and read once a minute.
func (t *Tx) CountDeliveries() (map[flow.DeliveryState]int, error) {
	out := map[flow.DeliveryState]int{}
	done := t.tally(deliveries, nil)
	for _, s := range []flow.DeliveryState{flow.Waiting, flow.Ignored, flow.Malformed, flow.Superseded, flow.Dead, flow.Held} {
		if n := t.tally(deliveryState, word(string(s))); n > 0 {
			out[s] = n
			done -= n
		}
	}
	if done > 0 {
		out[flow.Done] = done
	}
	return out, nil
}

// tally counts the keys of a table that begin with prefix.
func (t *Tx) tally(table Table, prefix []byte) (n int) {
	t.kv.Ascend(table, prefix, after(prefix), func(_, _ []byte) bool { n++; return true })
	return n
}
