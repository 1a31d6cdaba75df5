package tcpproxy
import ("testing";"runtime";"net";"runtime/pprof";"os")
func TestZZ(t *testing.T) {
	r := newRig(t, &Proxy{}, "tcp", "tcp")
	const n = 2000
	cs := make([]net.Conn, 2*n)
	open := func(i int) { cs[2*i], cs[2*i+1] = r.connect(); requireEcho(t, cs[2*i], cs[2*i+1]) }
	var a, b runtime.MemStats
	runtime.MemProfileRate = 1
	runtime.GC(); runtime.GC(); runtime.ReadMemStats(&a)
	for i := range n { open(i) }
	runtime.GC(); runtime.GC(); runtime.ReadMemStats(&b)
	t.Logf("heap %d stack %d per conn", (b.HeapAlloc-a.HeapAlloc)/n, (b.StackInuse-a.StackInuse)/n)
	f,_ := os.Create("/tmp/w-tmp-tcp.heap"); pprof.Lookup("heap").WriteTo(f,0); f.Close()
	for i := range n { closeBoth(t, cs[2*i], cs[2*i+1]) }
	r.finish()
}
