using System.Net;
using System.Net.Sockets;

namespace Turnpike.Tests.Integration.Support;

/// <summary>
/// Stands between a client and the API server and can be cut: TLS goes through untouched, and either side sees its peer vanish.
/// </summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly Uri _target;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Task _accepting;
    private CancellationTokenSource _connected = new();
    private bool _cut;

    public Relay(Uri target)
    {
        _target = target;
        _listener.Start();
        _accepting = Task.Run(AcceptAsync);
    }

    public Uri Address => new($"https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Breaks all connections; new ones break at once until <see cref="Mend"/>.</summary>
    public void Cut()
    {
        CancellationTokenSource connected;
        lock (_gate)
        {
            _cut = true;
            connected = _connected;
            _connected = new();
        }
        connected.Cancel();
    }

    public void Mend()
    {
        lock (_gate)
            _cut = false;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Cut();
        await _accepting;
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_stop.Token);
                CancellationToken? connected;
                lock (_gate)
                    connected = _cut ? null : _connected.Token;
                if (connected is { } token)
                    _ = ConnectAsync(client, token);
                else
                    client.Dispose();
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private async Task ConnectAsync(Socket client, CancellationToken connected)
    {
        using var near = new NetworkStream(client, ownsSocket: true);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(_target.Host, _target.Port, connected);
            using var far = new NetworkStream(socket);
            await Task.WhenAny(near.CopyToAsync(far, connected), far.CopyToAsync(near, connected));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // The connected clients see that their connections end.
        }
    }
}
