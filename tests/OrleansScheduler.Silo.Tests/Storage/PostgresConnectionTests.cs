namespace OrleansScheduler.Silo.Tests;

public sealed class PostgresConnectionTests
{
    private const string Patience = "Command Timeout=4;Timeout=3;Cancellation Timeout=-1";

    [Theory]
    [InlineData("Host=db", "host=db;Max Auto Prepare=32;Maximum Pool Size=24;No Reset On Close=true")]
    [InlineData("Host=db;MaxAutoPrepare=0", "host=db;MaxAutoPrepare=0;Maximum Pool Size=24;No Reset On Close=true")]
    [InlineData("Host=db;max pool size=5", "host=db;max pool size=5;Max Auto Prepare=32;No Reset On Close=true")]
    [InlineData("Host=db;Maximum Pool Size=5;Max Auto Prepare=1", "host=db;maximum pool size=5;max auto prepare=1;No Reset On Close=true")]
    [InlineData("Host=db;no reset on close=false", "host=db;no reset on close=false;Max Auto Prepare=32;Maximum Pool Size=24")]
    [InlineData("Host=db;Password='a;b'", "host=db;password='a;b';Max Auto Prepare=32;Maximum Pool Size=24;No Reset On Close=true")]
    public void What_is_not_said_has_a_default_and_what_is_said_stays(string said, string expected) =>
        Assert.Equal(
            $"{expected};{Patience}",
            PostgresConnection.WithDefaults(said).Replace("\"a;b\"", "'a;b'", StringComparison.Ordinal),
            ignoreCase: true);

    [Theory]
    [InlineData("Host=db", $"host=db;No Reset On Close=true;{Patience}")]
    [InlineData("Host=db;CommandTimeout=60;TIMEOUT=9",
        "host=db;commandtimeout=60;timeout=9;No Reset On Close=true;Cancellation Timeout=-1")]
    public void Connections_of_other_purpose_are_given_up_as_early(string said, string expected) =>
        Assert.Equal(expected, PostgresConnection.WithPatience(said), ignoreCase: true);
}
