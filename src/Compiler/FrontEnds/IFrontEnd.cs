using Turnpike.Compiler.Model;

namespace Turnpike.Compiler.FrontEnds;

/// <summary>Turns the objects of one kind into claims of the neutral model.</summary>
internal interface IFrontEnd
{
    /// <summary>The kind of the objects that the front end reads.</summary>
    string Kind { get; }

    /// <summary>Replaces the objects by those of another snapshot, in which everything else that claims depend on is the same.</summary>
    void Update(ClusterSnapshot snapshot);

    /// <summary>Makes the claims of one object. Objects of all kinds are passed in a single order, the oldest first.</summary>
    void Claim(HostRequest request);
}

/// <summary>Collects the requests of the objects of all front ends.</summary>
internal static class FrontEndRequests
{
    public static IEnumerable<HostRequest> Of(ClusterSnapshot snapshot) => Ingress.IngressRequests.Of(snapshot);
}
