// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: finds the loaders that assemblies declare.
using System.Collections.Concurrent;
using System.Reflection;

namespace Microsoft.ML.Runtime;

public sealed class ComponentCatalog
{
    private readonly ConcurrentDictionary<string, Func<IHostEnvironment, ModelLoadContext, object>> _modelLoaders = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, bool> _registered = new();

    internal ComponentCatalog()
    {
    }

    public void RegisterAssembly(Assembly assembly, bool throwOnError = true)
    {
        Contracts.CheckValue(assembly, nameof(assembly));
        if (!_registered.TryAdd(assembly.FullName, true))
            return;

        foreach (var loadable in assembly.GetCustomAttributes<LoadableClassAttribute>())
        {
            if (!loadable.SigTypes.Contains(typeof(SignatureLoadModel)))
                continue;
            var loader = FindLoader(loadable);
            if (loader != null)
            {
                foreach (var name in loadable.LoadNames)
                    _modelLoaders[name] = loader;
            }
            else if (throwOnError)
            {
                throw new InvalidOperationException($"Can't find a loader of '{loadable.InstanceType}' in '{loadable.LoaderType}': "
                    + "expected a static Create(IHostEnvironment, ModelLoadContext) or such a constructor.");
            }
        }
    }

    internal bool TryCreateModel(IHostEnvironment env, string name, ModelLoadContext ctx, out object model)
    {
        model = _modelLoaders.TryGetValue(name, out var loader) ? loader(env, ctx) : null;
        return model != null;
    }

    private static Func<IHostEnvironment, ModelLoadContext, object> FindLoader(LoadableClassAttribute loadable)
    {
        Type[] parameters = [typeof(IHostEnvironment), typeof(ModelLoadContext)];
        const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

        var constructor = loadable.LoaderType.GetConstructor(Own | BindingFlags.Instance, parameters);
        if (constructor != null)
            return (env, ctx) => Unwrap(() => constructor.Invoke([env, ctx]));
        var create = loadable.LoaderType.GetMethod("Create", Own | BindingFlags.Static, parameters);
        if (create != null && loadable.InstanceType.IsAssignableFrom(create.ReturnType))
            return (env, ctx) => Unwrap(() => create.Invoke(null, [env, ctx]));
        return null;
    }

    private static object Unwrap(Func<object> invoke)
    {
        try
        {
            return invoke();
        }
        catch (TargetInvocationException e) when (e.InnerException != null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerException);
            throw;
        }
    }
}
