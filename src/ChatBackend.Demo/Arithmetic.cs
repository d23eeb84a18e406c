using System.Buffers;
using System.Globalization;
using ChatBackend.Agents;

namespace ChatBackend.Demo;

/// <summary>
/// Evaluates <c>+ - * / % ^</c>, parentheses and signs over <see cref="decimal"/>. As in mathematics, <c>^</c> binds to the right and
/// before a sign (<c>-2^2</c> is -4); <c>%</c> is the remainder.
/// </summary>
internal ref struct Arithmetic
{
    private const int MaxLength = 500;
    private const int MaxDepth = 50;
    private const string Pattern = "0.############################";

    private static readonly SearchValues<char> NumberLetters = SearchValues.Create("0123456789.");

    private readonly ReadOnlySpan<char> _text;
    private int _at;
    private int _depth;

    private Arithmetic(ReadOnlySpan<char> text) => _text = text;

    /// <exception cref="ChatToolException">The text is not an expression, or its value does not fit into a decimal.</exception>
    public static string Evaluate(string expression)
    {
        if (expression.Length > MaxLength)
        {
            throw new ChatToolException($"An expression has at most {MaxLength} characters.");
        }

        try
        {
            var reader = new Arithmetic(expression);
            var value = reader.Sum();
            return reader.Next() is '\0' ? Rounded(value).ToString(Pattern, CultureInfo.InvariantCulture) : throw reader.Unexpected();
        }
        catch (OverflowException)
        {
            throw new ChatToolException("The result, or a step on the way to it, is too large: I calculate with up to 28 digits.");
        }
    }

    private decimal Sum()
    {
        // Every way to nest leads through here, through a sign or through a power.
        Deeper();
        var value = Product();
        while (Next() is '+' or '-' or '−')
        {
            value = _text[_at++] is '+' ? value + Product() : value - Product();
        }

        _depth--;
        return value;
    }

    private decimal Product()
    {
        var value = Signed();
        while (Next() is '*' or '×' or '·' or '/' or '÷' or '%')
        {
            var sign = _text[_at++];
            var operand = Signed();
            if (operand == 0 && sign is ('/' or '÷' or '%'))
            {
                throw new ChatToolException("Dividing by zero has no result.");
            }

            value = sign switch
            {
                '/' or '÷' => NotLost(value / operand, value != 0),
                '%' => value % operand,
                _ => NotLost(value * operand, value != 0 && operand != 0),
            };
        }

        return value;
    }

    private decimal Signed()
    {
        if (Next() is not ('+' or '-' or '−'))
        {
            return Power();
        }

        Deeper();
        var value = _text[_at++] is '+' ? Signed() : -Signed();
        _depth--;
        return value;
    }

    private decimal Power()
    {
        var value = Operand();
        if (Next() is not '^')
        {
            return value;
        }

        Deeper();
        _at++;
        // The exponent may have a sign and a power of its own: 2^-3^2.
        value = Raise(value, Signed());
        _depth--;
        return value;
    }

    private decimal Operand()
    {
        if (Next() is not '(')
        {
            return Number();
        }

        _at++;
        var value = Sum();
        if (Next() is not ')')
        {
            throw Unexpected();
        }

        _at++;
        return value;
    }

    private decimal Number()
    {
        Next();
        var rest = _text[_at..];
        var length = rest.IndexOfAnyExcept(NumberLetters);
        var digits = length < 0 ? rest : rest[..length];
        if (!digits.ContainsAnyInRange('0', '9') || digits.Count('.') > 1)
        {
            throw Unexpected();
        }

        _at += digits.Length;
        return decimal.Parse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
    }

    private static decimal Raise(decimal value, decimal exponent)
    {
        if (exponent != decimal.Truncate(exponent))
        {
            throw new ChatToolException("I raise to whole powers only.");
        }

        if (exponent < 0)
        {
            return value == 0
                ? throw new ChatToolException("Dividing by zero has no result.")
                : NotLost(1 / Raise(value, -exponent), wasNotZero: true);
        }

        // By squares: at most 96 rounds, however large the exponent.
        var result = 1m;
        for (var square = value; exponent > 0; exponent = decimal.Truncate(exponent / 2))
        {
            result = exponent % 2 == 0 ? result : NotLost(result * square, value != 0);
            square = exponent > 1 ? NotLost(square * square, value != 0) : square;
        }

        return result;
    }

    /// <summary>A product or quotient of other than zero that a decimal shows as 0 would be a wrong answer.</summary>
    private static decimal NotLost(decimal value, bool wasNotZero) =>
        value == 0 && wasNotZero ? throw new ChatToolException("The result, or a step on the way to it, is too small: I calculate with 28 decimals.") : value;

    /// <summary>The last two digits of an endless fraction are noise: 1/3*3 is 1.</summary>
    private static decimal Rounded(decimal value)
    {
        var whole = decimal.Truncate(Math.Abs(value)).ToString(CultureInfo.InvariantCulture).Length;
        var rounded = whole < 27 ? decimal.Round(value, 27 - whole) : value;
        return rounded == 0 ? value : rounded;
    }

    private void Deeper()
    {
        if (++_depth > MaxDepth)
        {
            throw new ChatToolException($"The expression nests deeper than {MaxDepth}.");
        }
    }

    /// <summary>The next character that is not a space, '\0' at the end; it stays unread.</summary>
    private char Next()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }

        return _at < _text.Length ? _text[_at] : '\0';
    }

    private ChatToolException Unexpected() => new(_at >= _text.Length
        ? "The expression ends too early."
        : $"I do not understand the expression at character {_at + 1}: \"{_text[_at]}\".");
}
