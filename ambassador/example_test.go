package ambassador_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/podpatterns/podpatterns/ambassador"
)

// An ambassador that answers each line in upper case. It closes its listener as
// soon as it is told to stop, and finishes the connections that it has.
func Example() {
	var shout ambassador.Ambassador = ambassador.Func(func(ctx context.Context, l net.Listener) error {
		stopClosing := context.AfterFunc(ctx, func() { l.Close() })
		defer stopClosing()
		var open sync.WaitGroup
		defer open.Wait()
		for {
			c, err := l.Accept()
			if err != nil && ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			open.Go(func() {
				defer c.Close()
				lines := bufio.NewScanner(c)
				for lines.Scan() {
					fmt.Fprintln(c, strings.ToUpper(lines.Text()))
				}
			})
		}
	})

	l, _ := net.Listen("tcp", "127.0.0.1:0")
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- shout.Serve(ctx, l) }()

	c, _ := net.Dial("tcp", l.Addr().String())
	fmt.Fprintln(c, "hello")
	answer, _ := bufio.NewReader(c).ReadString('\n')
	fmt.Print(answer)
	c.Close()
	stop()
	fmt.Println(<-ended)
	// Output:
	// HELLO
	// <nil>
}
