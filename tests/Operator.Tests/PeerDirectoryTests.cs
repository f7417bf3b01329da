using System.Collections.Immutable;
using Turnpike.Api.Core;
using Turnpike.Compiler;
using Turnpike.Operator.Status;
using Turnpike.Reading;

namespace Turnpike.Tests.Operator;

public sealed class PeerDirectoryTests
{
    [Fact]
    public void Peers_AreTheOtherPodsOfTheOperator()
    {
        var snapshot = new ClusterSnapshot
        {
            Pods =
            [
                Pod("a", "10.0.0.1"),
                Pod("b", "10.0.0.2"),
                Pod("pending"),
                Pod("c", "10.0.0.3") with
                {
                    Metadata = new ObjectMeta { Namespace = "istio-system", Name = "ingress" },
                },
            ],
            Endpoints = [Endpoints(Ready("10.0.0.1", "a"), Ready("10.0.0.2", "b"))],
        };
        Assert.Equal([new Peer("10.0.0.2", "b", IsExpected: true)], PeerDirectory.Of(snapshot, "10.0.0.1"));
    }

    [Fact]
    public void Expected_AreThoseThatTheServiceSendsTo()
    {
        var snapshot = new ClusterSnapshot
        {
            Pods =
            [
                Pod("crashing", "10.0.0.1"),
                Pod("evicted", "10.0.0.2"),
                Pod("ready", "10.0.0.3"),
                Pod("dual", "10.0.0.4", "fd00::4"),
                Pod("nameless", "10.0.0.5", "fd00::5"),
            ],
            Endpoints =
            [
                Endpoints(
                    Ready("10.0.0.1", "crashing") with
                    {
                        Ready = false,
                    },
                    Ready("10.0.0.3", "ready"),
                    Ready("fd00::4", "dual"),
                    Ready("fd00::5", null)),
                Endpoints(Ready("10.0.0.2", "evicted")) with
                {
                    ServiceName = "another",
                },
            ],
        };
        Assert.Equal(["10.0.0.3", "10.0.0.4", "10.0.0.5"], PeerDirectory.Of(snapshot, "").Where(p => p.IsExpected).Select(p => p.Address));
        Assert.Equal(5, PeerDirectory.Of(snapshot, "").Count);
    }

    private static PodObject Pod(string name, params ImmutableArray<string> ips) =>
        new(
            new ObjectMeta
            {
                Namespace = "istio-system",
                Name = name,
                Labels = ObjectMeta.EmptyMap.Add("app.kubernetes.io/name", "turnpike-operator"),
            },
            ips);

    private static EndpointAddress Ready(string ip, string? pod) => new(ip, pod, Ready: true);

    private static EndpointsObject Endpoints(params ImmutableArray<EndpointAddress> addresses) =>
        new(
            new ObjectMeta { Namespace = "istio-system", Name = "turnpike-operator-1" },
            "turnpike-operator",
            FromSlice: true,
            [new EndpointSubset(addresses, ImmutableSortedDictionary<string, int>.Empty)]);
}
