using ChatBackend.Agents;
using ChatBackend.Demo;

namespace ChatBackend.Tests.Agents;

public sealed class ArithmeticTests
{
    [Theory]
    [InlineData("1 + 2 * 3", "7")]
    [InlineData("(1 + 2) * 3", "9")]
    [InlineData("10 - 4 - 3", "3")]
    [InlineData("100 / 10 / 5", "2")]
    [InlineData("17 % 5", "2")]
    [InlineData("2 ^ 10", "1024")]
    [InlineData("2 ^ 3 ^ 2", "512")]
    [InlineData("-2 ^ 2", "-4")]
    [InlineData("(-2) ^ 2", "4")]
    [InlineData("2 ^ -2", "0.25")]
    [InlineData("(-1) ^ 7", "-1")]
    [InlineData("0 ^ 0", "1")]
    [InlineData("1 ^ 9999999999999999999999999999", "1")]
    [InlineData("0.1 + 0.2", "0.3")]
    [InlineData("1.10 * 2", "2.2")]
    [InlineData("1 / 3 * 3", "1")]
    [InlineData("1 / 8", "0.125")]
    [InlineData("--3", "3")]
    [InlineData("2 * -3", "-6")]
    [InlineData(".5 + 1.", "1.5")]
    [InlineData("6 × 7 ÷ 2 − 1", "20")]
    [InlineData("0.00001", "0.00001")]
    [InlineData("12345678901234567890 + 1", "12345678901234567891")]
    [InlineData("79228162514264337593543950335", "79228162514264337593543950335")]
    public void An_expression_has_the_value_that_mathematics_gives_it(string expression, string value) =>
        Arithmetic.Evaluate(expression).Should().Be(value);

    [Theory]
    [InlineData("1 / 0", "*by zero*")]
    [InlineData("1 % (2 - 2)", "*by zero*")]
    [InlineData("0 ^ -1", "*by zero*")]
    [InlineData("79228162514264337593543950335 + 1", "*too large*")]
    [InlineData("99999999999999999999999999999999", "*too large*")]
    [InlineData("10 ^ 29", "*too large*")]
    [InlineData("1.0001 ^ 9999999999999999999", "*too large*")]
    [InlineData("0.1 ^ 29", "*too small*")]
    [InlineData("0.0000000000000001 * 0.0000000000000001", "*too small*")]
    [InlineData("2 ^ 0.5", "*whole powers*")]
    [InlineData("", "*ends too early*")]
    [InlineData("1 +", "*ends too early*")]
    [InlineData("(1 + 2", "*ends too early*")]
    [InlineData("1 + 2)", "*character 6*")]
    [InlineData("1,000 * 2", "*character 2*")]
    [InlineData("1.2.3", "*character 1*")]
    [InlineData("2 3", "*character 3*")]
    [InlineData("two + 2", "*character 1*")]
    public void What_has_no_value_is_an_error_that_says_why(string expression, string message) =>
        FluentActions.Invoking(() => Arithmetic.Evaluate(expression)).Should().Throw<ChatToolException>().WithMessage(message);

    [Fact]
    public void Depth_and_length_are_bounded()
    {
        Arithmetic.Evaluate(new string('(', 40) + "1" + new string(')', 40)).Should().Be("1");
        FluentActions.Invoking(() => Arithmetic.Evaluate(new string('(', 400))).Should().Throw<ChatToolException>().WithMessage("*deeper*");
        FluentActions.Invoking(() => Arithmetic.Evaluate(new string('-', 400))).Should().Throw<ChatToolException>().WithMessage("*deeper*");
        FluentActions.Invoking(() => Arithmetic.Evaluate(string.Concat(Enumerable.Repeat("2^", 200)) + "1")).Should().Throw<ChatToolException>().WithMessage("*deeper*");
        FluentActions.Invoking(() => Arithmetic.Evaluate(new string('1', 501))).Should().Throw<ChatToolException>().WithMessage("*at most*");
    }
}
