// Loads the model named on the command line, whose stages this program never mentions, and prints what it makes of 1, 2 and 3.
using Microsoft.ML;
using Microsoft.ML.Data;

var context = new MLContext();
var model = context.Model.Load(args[0], out var schema);
Console.WriteLine(string.Join(" ", schema.Select(column => column.ToString())));
var data = context.Data.LoadFromEnumerable(new[] { new Number { Value = 1 }, new Number { Value = 2 }, new Number { Value = 3 } });
Console.WriteLine(string.Join(" ", model.Transform(data).GetColumn<float>("Scaled")));

internal sealed class Number
{
    public float Value { get; set; }
}
