using Turnpike.Compiler.Model;

namespace Turnpike.Compiler.FrontEnds;

/// <summary>Turns the objects of one kind into claims of the neutral model.</summary>
internal interface IFrontEnd
{
    /// <summary>The kind of its objects.</summary>
    string Kind { get; }

    /// <summary>Goes on to the objects of another snapshot, in which everything else that claims depend on is the same.</summary>
    void Update(ClusterSnapshot snapshot);

    /// <summary>Makes the claims of one object. Objects of all kinds come in one order, the oldest first.</summary>
    void Claim(HostRequest request);
}

/// <summary>What the objects of all front ends ask for.</summary>
internal static class FrontEndRequests
{
    public static IEnumerable<HostRequest> Of(ClusterSnapshot snapshot) => Ingress.IngressRequests.Of(snapshot);
}
