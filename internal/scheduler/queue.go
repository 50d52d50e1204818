package scheduler

import "container/heap"

// queue is held tasks, the one due first at the front.
type queue []*held

func (q *queue) push(h *held) { heap.Push((*ordered)(q), h) }

func (q *queue) pop() *held { return heap.Pop((*ordered)(q)).(*held) }

func (q *queue) remove(h *held) {
	if h.index >= 0 {
		heap.Remove((*ordered)(q), h.index)
	}
}

// ordered is a queue as container/heap wants it.
type ordered []*held

func (o ordered) Len() int           { return len(o) }
func (o ordered) Less(i, j int) bool { return o[i].due.Before(o[j].due) }
func (o ordered) Swap(i, j int) {
	o[i], o[j] = o[j], o[i]
	o[i].index, o[j].index = i, j
}

func (o *ordered) Push(x any) {
	h := x.(*held)
	h.index = len(*o)
	*o = append(*o, h)
}

func (o *ordered) Pop() any {
	old := *o
	h := old[len(old)-1]
	h.index = -1
	*o = old[:len(old)-1]
	return h
}
