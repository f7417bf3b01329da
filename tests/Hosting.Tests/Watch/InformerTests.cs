using Turnpike.Hosting.Watch;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Hosting.Watch;

public sealed class InformerTests
{
    [Fact]
    public async Task Lists_InPages_ThenWatches()
    {
        await using var fixture = await InformerFixture.StartAsync(before: it =>
        {
            for (var i = 0; i < 7; i++)
                it.Put($"c{i}", "0");
        });

        Assert.Equal(7, fixture.Informer.Cache.Count);
        Assert.Equal(3, fixture.Api.Requests.Count(request => !request.IsWatch));

        fixture.TakeTold();
        fixture.Put("x", "1");
        fixture.Put("x", "2");
        fixture.Remove("x");
        await fixture.Until(() => fixture.Told == "+x=1 ~x=2 -x", "three changes");
        Assert.Null(fixture.Informer.Cache.Get(new("default", "x")));
        Assert.NotNull(fixture.Informer.LastContact);
    }

    [Fact]
    public async Task Resumes_WithoutListing_WhenTheServerEndsTheWatch()
    {
        await using var fixture = await InformerFixture.StartAsync();
        fixture.Put("a", "1");
        await fixture.Until(() => fixture.Told == "+a=1", "a");

        fixture.Api.EndWatches();
        fixture.Put("b", "1");
        fixture.Remove("a");

        await fixture.Until(() => fixture.Told == "+a=1 +b=1 -a", "b and the deletion");
        Assert.Equal(1, fixture.Lists);
    }

    [Fact]
    public async Task Resumes_WithoutListing_WhenTheConnectionBreaks()
    {
        await using var fixture = await InformerFixture.StartAsync();
        fixture.Put("a", "1");
        await fixture.Until(() => fixture.Told == "+a=1", "a");

        fixture.Api.AbortWatches();
        fixture.Put("a", "2");

        await fixture.Until(() => fixture.Told == "+a=1 ~a=2", "the update");
        Assert.Equal(1, fixture.Lists);
    }

    [Fact]
    public async Task Expiry_MakesUpForWhatWasMissed()
    {
        await using var fixture = await InformerFixture.StartAsync();
        foreach (var name in new[] { "keep", "gone", "changed", "remade" })
            fixture.Put(name, "1");
        await fixture.Until(() => fixture.Informer.Cache.Count == 4, "four objects");
        fixture.TakeTold();

        var blocked = true;
        fixture.Api.Faults = request => request.IsWatch && blocked ? new(503) : null;
        fixture.Api.EndWatches();
        await fixture.Until(() => fixture.Api.OpenWatches == 0, "no watch");
        fixture.Remove("gone");
        fixture.Put("changed", "2");
        fixture.Remove("remade");
        fixture.Put("remade", "9");
        fixture.Api.Compact();
        blocked = false;

        await fixture.Until(() => fixture.Lists >= 2 && fixture.Api.OpenWatches == 1, "a second list");
        Assert.Equal(["+remade=9", "-gone", "-remade", "~changed=2"], fixture.TakeTold().Order(StringComparer.Ordinal));
        Assert.Equal(3, fixture.Informer.Cache.Count);
    }

    [Fact]
    public async Task Expiry_AnsweredAsStatus_ListsAgain()
    {
        await using var fixture = await InformerFixture.StartAsync();
        fixture.Api.FailNext(1, new(410), request => request.IsWatch);
        fixture.Api.EndWatches();
        fixture.Put("a", "1");

        await fixture.Until(() => fixture.Told == "+a=1", "a");
        Assert.Equal(2, fixture.Lists);
    }

    [Fact]
    public async Task Expiry_BetweenTwoPages_ListsAgain()
    {
        var compacted = false;
        await using var fixture = await InformerFixture.StartAsync(before: it =>
        {
            for (var i = 0; i < 7; i++)
                it.Put($"c{i}", "0");
            it.Api.Faults = request =>
            {
                if (!compacted && request.Query.Contains("continue", StringComparison.Ordinal))
                {
                    compacted = true;
                    it.Remove("c0");
                    it.Api.Compact();
                }

                return null;
            };
        });

        Assert.Equal((6, 2), (fixture.Informer.Cache.Count, fixture.Lists));
        Assert.Equal(6, fixture.TakeTold().Count);
    }

    [Fact]
    public async Task Bookmark_KeepsAnIdleWatchYoung_WhenTheHistoryIsCompacted()
    {
        await using var fixture = await InformerFixture.StartAsync();
        fixture.Api.Bookmark();
        await fixture.Until(() => fixture.Informer.ResourceVersion == fixture.Api.ResourceVersion, "the bookmark");

        fixture.Api.Compact();
        fixture.Api.EndWatches();
        fixture.Put("a", "1");

        await fixture.Until(() => fixture.Told == "+a=1", "a");
        Assert.Equal(1, fixture.Lists);
    }

    [Fact]
    public async Task FiveWatchesInVain_ListAgain_WhenTheirErrorSaysNothing()
    {
        await using var fixture = await InformerFixture.StartAsync();
        fixture.Put("a", "1");
        await fixture.Until(() => fixture.Told == "+a=1", "a");
        var before = fixture.Watches;

        // A 410 looks like this to a client whose connection is reset before it can read the response.
        fixture.Api.Faults = request => request.IsWatch && fixture.Lists < 2 ? new(502) : null;
        fixture.Api.EndWatches();
        fixture.Remove("a");

        await fixture.Until(() => fixture.Told == "+a=1 -a", "the deletion");
        Assert.Equal(2, fixture.Lists);
        Assert.InRange(fixture.Watches - before, 5, 6);
    }

    [Fact]
    public async Task Watchdog_EndsAWatch_WhenTheOtherEndIsGone()
    {
        await using var fixture = await InformerFixture.StartAsync();
        fixture.Api.HoldWatches();
        fixture.Put("a", "1");

        fixture.Clock.Advance(fixture.Options.WatchTimeout * 2 + fixture.Options.WatchGrace);
        await fixture.Until(() => fixture.Watches >= 2, "another watch");
        fixture.Api.ReleaseWatches();

        await fixture.Until(() => fixture.Told == "+a=1", "a");
        Assert.Equal(1, fixture.Lists);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task RetryAfter_IsHonoured(int code)
    {
        await using var fixture = await InformerFixture.StartAsync();
        var cancelled = TestContext.Current.CancellationToken;
        fixture.Put("z", "1");
        await fixture.Until(() => fixture.Told == "+z=1", "z");
        fixture.Api.FailNext(1, new(code, RetryAfter: 20), request => request.IsWatch);
        fixture.Api.EndWatches();
        await Wait.Until(() => fixture.Watches == 2, "the refused watch");

        // Whatever pause was due without the header, it would be over by then.
        for (var i = 0; i < 18; i++)
        {
            fixture.Clock.Advance(TimeSpan.FromSeconds(1));
            await Wait.Lasting(TimeSpan.FromMilliseconds(1), cancelled);
        }

        Assert.Equal(2, fixture.Watches);
        fixture.Put("a", "1");
        await fixture.Until(() => fixture.Told == "+z=1 +a=1", "a");
        Assert.Equal(1, fixture.Lists);
    }

    [Theory]
    [InlineData(403)]
    [InlineData(404)]
    public async Task Refusal_ListsAgain(int code)
    {
        await using var fixture = await InformerFixture.StartAsync();
        fixture.Api.FailNext(1, new(code), request => request.IsWatch);
        fixture.Api.EndWatches();
        fixture.Put("a", "1");

        await fixture.Until(() => fixture.Told == "+a=1", "a");
        Assert.Equal(2, fixture.Lists);
    }

    [Fact]
    public async Task Sync_Waits_WhenTheFirstListsFail()
    {
        var failed = 0;
        await using var fixture = await InformerFixture.StartAsync(before: it =>
        {
            it.Put("a", "1");
            it.Api.Faults = request => !request.IsWatch && failed++ < 3 ? new(500) : null;
        });

        Assert.Equal("+a=1", fixture.Told);
        Assert.Equal(4, fixture.Lists);
    }

    [Fact]
    public async Task Handler_ThatThrows_HurtsNobody()
    {
        await using var fixture = await InformerFixture.StartAsync();
        fixture.Informer.AddHandler(_ => throw new InvalidOperationException("boom"));
        fixture.Put("a", "1");
        fixture.Put("b", "1");

        await fixture.Until(() => fixture.Told == "+a=1 +b=1", "both");
        Assert.Equal(1, fixture.Watches);
    }

    [Fact]
    public async Task Handler_AddedLate_IsToldWhatIsThere()
    {
        await using var fixture = await InformerFixture.StartAsync(before: it => it.Put("a", "1"));
        var late = new List<string>();
        fixture.Informer.AddHandler(change => late.Add(change.Key.ToString()));

        Assert.Equal(["default/a"], late);
    }

    [Fact]
    public async Task UndecodableObject_KeepsItsLastGoodVersion_AndHurtsNoOther()
    {
        await using var fixture = await InformerFixture.StartAsync(before: it => it.PutRaw("never", """{"data":{}}"""));
        fixture.Put("a", "1");
        fixture.PutRaw("a", """{"data":{"other":true}}""");
        fixture.Put("b", "1");

        await fixture.Until(() => fixture.Told == "+a=1 +b=1", "both good ones");
        Assert.Equal("1", fixture.Informer.Cache.Get(new("default", "a"))!.Value);
        Assert.Null(fixture.Informer.Cache.Get(new("default", "never")));

        fixture.PutRaw("never", """{"data":{"v":"at last"}}""");
        fixture.Put("a", "3");
        await fixture.Until(() => fixture.Told == "+a=1 +b=1 +never=at last ~a=3", "the repaired ones");
    }

    [Fact]
    public async Task Selectors_ReachTheServer()
    {
        var options = new InformerOptions { Query = new() { Namespace = "default", FieldSelector = "metadata.name=a" } };
        await using var fixture = await InformerFixture.StartAsync(options, it =>
        {
            it.Put("a", "1");
            it.Put("b", "1");
        });
        fixture.Put("b", "2");
        fixture.Put("a", "2");

        await fixture.Until(() => fixture.Told == "+a=1 ~a=2", "a alone");
        Assert.All(fixture.Api.Requests, request => Assert.Equal("/api/v1/namespaces/default/configmaps", request.Path));
    }

    [Fact]
    public async Task Churn_Converges_WhateverTheServerDoes()
    {
        await using var fixture = await InformerFixture.StartAsync();
        var random = new Random(7);
        for (var step = 0; step < 3000; step++)
        {
            var name = "k" + random.Next(40);
            if (random.Next(3) == 0)
                fixture.Remove(name);
            else
                fixture.Put(name, $"{step}");

            switch (random.Next(400))
            {
                case 0:
                    fixture.Api.EndWatches();
                    break;
                case 1:
                    fixture.Api.AbortWatches();
                    break;
                case 2:
                    fixture.Api.EndWatches();
                    fixture.Api.Compact();
                    break;
                case 3:
                    fixture.Api.Bookmark();
                    break;
            }

            if (step % 50 == 0)
            {
                fixture.Clock.Advance(TimeSpan.FromMilliseconds(200));
                await Wait.Lasting(TimeSpan.FromMilliseconds(1), TestContext.Current.CancellationToken);
            }
        }

        await fixture.Until(() => Truth(fixture).SequenceEqual(Mine(fixture)), "convergence");

        var alive = new HashSet<string>();
        foreach (var line in fixture.TakeTold())
        {
            var name = line[1..].Split('=')[0];
            Assert.True(
                line[0] switch { '+' => alive.Add(name), '-' => alive.Remove(name), _ => alive.Contains(name) },
                $"the story does not add up at {line}");
        }

        Assert.Equal(Mine(fixture).Select(item => item.Name), alive.Order(StringComparer.Ordinal));

        static IEnumerable<(string Name, string Version)> Mine(InformerFixture fixture) =>
            fixture.Informer.Cache.List().Select(thing => (thing.Name, thing.Version)).OrderBy(item => item.Name, StringComparer.Ordinal);

        static IEnumerable<(string Name, string Version)> Truth(InformerFixture fixture) =>
            fixture.Api.All(InformerFixture.Collection)
                .Select(item => ((string)item["metadata"]!["name"]!, (string)item["metadata"]!["resourceVersion"]!))
                .OrderBy(item => item.Item1, StringComparer.Ordinal);
    }

    [Fact]
    public void Backoff_DoublesToItsLimit_WithJitter()
    {
        var backoff = new Turnpike.Hosting.Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), () => 0.5);
        Assert.Equal([1, 2, 4, 8, 16, 30, 30], Enumerable.Range(0, 7).Select(_ => backoff.Next().TotalSeconds));
        backoff.Reset();
        Assert.Equal(1, backoff.Next().TotalSeconds);
    }
}
