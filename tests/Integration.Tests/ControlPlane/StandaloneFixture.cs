using Turnpike.Api;
using Turnpike.Tests.Integration.Install;

namespace Turnpike.Tests.Integration.ControlPlane;

/// <summary>The standalone profile where it belongs: beside a foreign mesh.</summary>
public sealed class StandaloneFixture : OperatorFixture
{
    public override Profile Profile => Profile.Standalone;

    /// <summary>The mesh as it was before.</summary>
    public string Before { get; private set; } = "";

    protected override async Task BeforeInstallationAsync()
    {
        await ForeignMesh.CreateAsync(this);
        Before = await ForeignMesh.LookAsync(this, CancellationToken.None);
    }
}

[CollectionDefinition]
public sealed class WithStandaloneOperator : ICollectionFixture<StandaloneFixture>;
