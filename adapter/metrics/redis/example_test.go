package redis_test

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/redis"
)

// A server, which says of itself as little as one can.
func ExampleSource() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		c.Read(make([]byte, 100))
		io.WriteString(c, "$36\r\nconnected_clients:3\r\nmaxclients:10\r\n\r\n")
	}()

	source := &redis.Source{Address: l.Addr().String()}
	var batch metrics.Batch
	if err := source.Collect(context.Background(), &batch); err != nil {
		panic(err)
	}
	for _, family := range batch.Families() {
		fmt.Println(family.Name, family.Points[0].Value.Float())
	}
	// Output:
	// redis_connected_clients 3
	// redis_max_clients 10
	// redis_info_fields_unread 0
}
