namespace Turnpike.Pipeline;

/// <summary>
/// The memory that all requests in flight may hold together: heads, which a client can make large at little cost to itself, and bytes that
/// may lie unread in buffers. A request for which there is no room is refused at once.
/// </summary>
internal sealed class RequestBudget(long total)
{
    /// <summary>The largest number of unread bytes of one request's body over HTTP/2.</summary>
    public const int StreamWindow = 128 * 1024;

    /// <summary>The largest number of unread bytes of one connection over HTTP/1.1.</summary>
    public const int ReadBuffer = 64 * 1024;

    private const long Least = 64 * 1024 * 1024;
    private const int ShareOfMemory = 2;
    private const int Base = 24 * 1024;

    private long _used;

    /// <summary>The default: half of the memory that the process may use, and 64 MiB at least.</summary>
    public static long DefaultTotal => Math.Max(Least, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / ShareOfMemory);

    /// <summary>The bytes that are taken at the moment.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Returns the number of bytes that a request may come to hold.</summary>
    public static int CostOf(Exchange exchange)
    {
        var request = exchange.Request;
        var bytes = request.Target.Length + request.Authority.Length;
        foreach (var header in request.Headers)
            bytes += header.Name.Length + header.Value.Length;
        // The server holds the head as text, and the request and the outgoing request each hold it as bytes.
        var head = bytes * (sizeof(char) + 2);
        return Base + head + (exchange.RequestBody is null ? 0 : request.Version == HttpGeneration.Http2 ? StreamWindow : ReadBuffer);
    }

    public bool TryTake(int cost)
    {
        if (Interlocked.Add(ref _used, cost) <= total)
            return true;
        Interlocked.Add(ref _used, -cost);
        return false;
    }

    public void GiveBack(int cost) => Interlocked.Add(ref _used, -cost);
}
