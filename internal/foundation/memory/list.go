package memory

import "wire.example/wire/internal/foundation/limit"

// List is a slice that grows by appending, for what is sorted or lent as a whole. Its memory is reserved, while it moves to a larger place that of both. It belongs to one goroutine.
type List[T any] struct {
	budget *limit.Budget
	items  []T
}

// NewList returns an empty list that reserves in budget.
func NewList[T any](budget *limit.Budget) *List[T] { return &List[T]{budget: budget} }

// Append puts item behind the others. The error is a refusal of the budget; the list is as it was then.
func (l *List[T]) Append(item T) error {
	if len(l.items) == cap(l.items) {
		if err := l.move(max(firstLen, 2*cap(l.items))); err != nil {
			return err
		}
	}
	l.items = append(l.items, item)
	return nil
}

// move moves the items to a place for n.
func (l *List[T]) move(n int) error {
	if err := l.budget.Reserve(sizeOf[T]() * int64(n)); err != nil {
		return err
	}
	items := make([]T, len(l.items), n)
	copy(items, l.items)
	l.budget.Release(l.Bytes())
	l.items = items
	return nil
}

// Items are the items, lent until the next call that changes the list. They may be sorted.
func (l *List[T]) Items() []T { return l.items }

// Bytes is the memory in use, as reserved.
func (l *List[T]) Bytes() int64 { return sizeOf[T]() * int64(cap(l.items)) }

// Free forgets all items, and gives the memory back.
func (l *List[T]) Free() {
	l.budget.Release(l.Bytes())
	l.items = nil
}
