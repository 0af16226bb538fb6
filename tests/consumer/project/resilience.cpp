// redoubt::resilience alone, as someone who wraps the calls of another client links it.
#include <redoubt/result.hpp>

int main() {
    const redoubt::result<int> one(1);
    return one && *one == 1 ? 0 : 1;
}
