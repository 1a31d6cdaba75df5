//go:build !linux

package statsd

import "context"

// batches says that datagrams are read one by one.
const batches = false

func (*packets) receiveBatches(context.Context, context.Context) error { return nil }

func (*packets) setUp() {}

func (*packets) droppedNow() (dropped uint32, ok bool) { return 0, false }
