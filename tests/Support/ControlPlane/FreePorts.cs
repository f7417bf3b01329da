using System.Net;
using System.Net.Sockets;

namespace Turnpike.Tests.Support.ControlPlane;

/// <summary>Ports for programs that cannot choose their own.</summary>
internal static class FreePorts
{
    /// <summary>All are held before the first is let go, so that they differ.</summary>
    public static int[] Take(int count)
    {
        var sockets = Enumerable.Range(0, count).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp)).ToList();
        try
        {
            sockets.ForEach(s => s.Bind(new IPEndPoint(IPAddress.Any, 0)));
            return [.. sockets.Select(s => ((IPEndPoint)s.LocalEndPoint!).Port)];
        }
        finally
        {
            sockets.ForEach(s => s.Dispose());
        }
    }
}
