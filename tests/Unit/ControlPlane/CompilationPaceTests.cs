using Microsoft.Extensions.Time.Testing;
using Turnpike.Discovery;
using Xunit;

namespace Turnpike.Tests.Unit.ControlPlane;

public sealed class CompilationPaceTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly CompilationPace _pace;

    public CompilationPaceTests() => _pace = new CompilationPace(_clock);

    [Fact]
    public void RareChanges_WaitForTheShortestTime()
    {
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(15, Wait());
            Compile(3);
            Pass(1000);
        }
    }

    [Fact]
    public void ChangesThatKeepComing_WaitLonger_UpToABound()
    {
        var waits = new List<double>();
        for (var i = 0; i < 8; i++)
        {
            waits.Add(Wait());
            Compile(3);
        }
        Assert.Equal([15, 30, 60, 120, 240, 480, 500, 500], waits);
    }

    [Fact]
    public void ChangesOfARow_WaitAsLongAsTheLastCompilationTook()
    {
        Wait();
        Compile(200);
        Assert.Equal(200, Wait());
        Compile(450);
        Assert.Equal(450, Wait());
        Compile(60_000);
        Assert.Equal(500, Wait());
    }

    [Fact]
    public void QuietTime_BringsTheShortestTimeBack()
    {
        for (var i = 0; i < 8; i++)
        {
            Wait();
            Compile(3);
        }
        Pass(499);
        Assert.Equal(500, Wait());
        Compile(3);
        Pass(501);
        Assert.Equal(15, Wait());
    }

    [Fact]
    public void SlowCompilation_OfRareChanges_IsNoRow()
    {
        Wait();
        Compile(200);
        Pass(201);
        Assert.Equal(15, Wait());
    }

    /// <summary>Whatever comes, compiling takes no more than half of the time while it takes less than the longest wait.</summary>
    [Theory]
    [InlineData(5)]
    [InlineData(100)]
    [InlineData(400)]
    public void ConstantPressure_LeavesHalfOfTheTime(int took)
    {
        var (waited, compiled) = (0.0, 0.0);
        for (var i = 0; i < 50; i++)
        {
            waited += Wait();
            compiled += took;
            Compile(took);
        }
        Assert.True(compiled <= waited + took, $"{compiled} ms of compiling, {waited} ms of waiting");
    }

    private double Wait()
    {
        var wait = _pace.Next();
        _clock.Advance(wait);
        return wait.TotalMilliseconds;
    }

    private void Compile(int milliseconds)
    {
        Pass(milliseconds);
        _pace.Compiled(TimeSpan.FromMilliseconds(milliseconds));
    }

    private void Pass(int milliseconds) => _clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
}
