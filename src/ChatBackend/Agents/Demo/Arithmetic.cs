using System.Globalization;

namespace ChatBackend.Agents.Demo;

/// <summary>Evaluates an expression in decimal arithmetic, by recursive descent: sum, product, sign, power, atom.</summary>
internal ref struct Arithmetic
{
    private const int MaxLength = 500;
    private const int MaxDepth = 50;
    private const int MaxExponent = 1000;

    private ReadOnlySpan<char> _rest;
    private int _depth;

    /// <exception cref="ToolException">Not an expression, divided by zero, or too large; the message says which.</exception>
    public static decimal Evaluate(string expression)
    {
        if (expression.Length > MaxLength)
        {
            throw new ToolException($"An expression has at most {MaxLength} characters.");
        }

        var parser = new Arithmetic { _rest = expression };
        try
        {
            var value = parser.Sum();
            return parser.Peek() == '\0' ? Plain(value) : throw Unexpected(parser.Peek());
        }
        catch (OverflowException)
        {
            throw new ToolException("The result is too large.");
        }
        catch (DivideByZeroException)
        {
            throw new ToolException("That divides by zero.");
        }
    }

    private decimal Sum()
    {
        if (++_depth > MaxDepth)
        {
            throw new ToolException($"Parentheses nest at most {MaxDepth} deep.");
        }

        var value = Product();
        while (true)
        {
            if (Take('+'))
            {
                value += Product();
            }
            else if (Take('-'))
            {
                value -= Product();
            }
            else
            {
                _depth--;
                return value;
            }
        }
    }

    private decimal Product()
    {
        var value = Signed();
        while (true)
        {
            if (Take('*') || Take('×'))
            {
                value *= Signed();
            }
            else if (Take('/') || Take('÷'))
            {
                value /= Signed();
            }
            else if (Take('%'))
            {
                value %= Signed();
            }
            else
            {
                return value;
            }
        }
    }

    /// <summary>A sign binds less than a power: -2^2 is -4.</summary>
    private decimal Signed()
    {
        var negative = false;
        while (true)
        {
            if (Take('-'))
            {
                negative = !negative;
            }
            else if (!Take('+'))
            {
                var value = Power();
                return negative ? -value : value;
            }
        }
    }

    private decimal Power()
    {
        var value = Atom();
        if (!Take('^'))
        {
            return value;
        }

        // To the right: 2^3^2 is 2^9.
        if (++_depth > MaxDepth)
        {
            throw new ToolException($"Powers nest at most {MaxDepth} deep.");
        }

        var exponent = Signed();
        _depth--;
        return Raise(value, exponent);
    }

    private decimal Atom()
    {
        if (Take('('))
        {
            var value = Sum();
            return Take(')') ? value : throw new ToolException("A closing parenthesis is missing.");
        }

        Peek();
        var length = 0;
        while (length < _rest.Length && (char.IsAsciiDigit(_rest[length]) || _rest[length] == '.'))
        {
            length++;
        }

        if (length == 0 || !decimal.TryParse(_rest[..length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            throw Unexpected(Peek());
        }

        _rest = _rest[length..];
        return number;
    }

    private static decimal Raise(decimal value, decimal exponent)
    {
        if (exponent != decimal.Truncate(exponent) || Math.Abs(exponent) > MaxExponent)
        {
            throw new ToolException($"A power is a whole number of at most {MaxExponent}.");
        }

        var result = 1m;
        for (var i = 0; i < Math.Abs(exponent); i++)
        {
            result *= value;
        }

        return exponent < 0 ? 1m / result : result;
    }

    private char Peek()
    {
        _rest = _rest.TrimStart();
        return _rest.IsEmpty ? '\0' : _rest[0];
    }

    private bool Take(char symbol)
    {
        if (Peek() != symbol)
        {
            return false;
        }

        _rest = _rest[1..];
        return true;
    }

    /// <summary>Without the zeros that decimal arithmetic keeps: 1.50 is 1.5.</summary>
    private static decimal Plain(decimal value) => value / 1.0000000000000000000000000000m;

    private static ToolException Unexpected(char found) =>
        new(found == '\0' ? "The expression ends too early." : $"'{found}' does not belong there.");
}
