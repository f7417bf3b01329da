using System.Net;
using System.Net.Sockets;

namespace Turnpike.Tests.IngressProxy.Harness;

/// <summary>An HTTP/1.1 server that sends exactly the bytes that a test wants, and shows those that it got.</summary>
internal sealed class RawUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<RawConnection, Task> _serve;
    private readonly List<Task> _connections = [];
    private readonly Task _loop;
    private int _accepted;

    private RawUpstream(Func<RawConnection, Task> serve)
    {
        _serve = serve;
        _listener.Start();
        EndPoint = (IPEndPoint)_listener.LocalEndpoint;
        _loop = AcceptAsync();
    }

    public IPEndPoint EndPoint { get; }

    public int Accepted => Volatile.Read(ref _accepted);

    /// <param name="serve">Called for each connection, which is closed when it returns.</param>
    public static RawUpstream Start(Func<RawConnection, Task> serve) => new(serve);

    /// <summary>Responds to each request on each connection with these bytes.</summary>
    public static RawUpstream Answering(string answer) => Start(async connection =>
    {
        while (await connection.TryReadHeadAsync() is not null)
            await connection.WriteAsync(answer);
    });

    /// <summary>Responds with the head of the request, as text.</summary>
    public static RawUpstream Echo() => Start(async connection =>
    {
        while (await connection.TryReadHeadAsync() is { } head)
            await connection.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: {head.Length}\r\n\r\n{head}");
    });

    /// <summary>A port on which no process listens.</summary>
    public static IPEndPoint Refusing()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _loop;
        Task[] open;
        lock (_connections)
            open = [.. _connections];
        await Task.WhenAll(open);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                Interlocked.Increment(ref _accepted);
                lock (_connections)
                    _connections.Add(ServeAsync(new RawConnection(socket, _stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(RawConnection connection)
    {
        await Task.Yield();
        using (connection)
        {
            try
            {
                await _serve(connection);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
            }
        }
    }
}
