# What find_package(Torch) finds: the variables and macros that the CMakeLists.txt of Torch7 packages use.
#
#   find_package(Torch REQUIRED)
#   add_torch_package(name "csrc" "luasrc" "title")   Lua files go to <Lua path>/name, C becomes the module libname.so
#
# It serves three places: the source tree (rocks/), a CMake installation (<prefix>/share/cmake/torch) and a rock
# (<rock>/cmake). Inside of luarocks (CMAKE_INSTALL_PREFIX is a rock's folder) files go to <prefix>/lua and
# <prefix>/lib, from which luarocks deploys them; elsewhere to <prefix>/share/lua/5.1 and <prefix>/lib/lua/5.1.
cmake_policy(PUSH)
cmake_policy(VERSION 3.18)

# -- the engine -------------------------------------------------------------------------------
set(_torch_library_folders
  ${CMAKE_CURRENT_LIST_DIR}/../build              # the source tree
  ${CMAKE_CURRENT_LIST_DIR}/../../../lib          # an installation
  ${CMAKE_CURRENT_LIST_DIR}/../../../../../lua/5.1) # a rock: tree/lib/luarocks/rocks-5.1/torch/scm-1/cmake
set(_torch_include_folders ${CMAKE_CURRENT_LIST_DIR}/../core ${CMAKE_CURRENT_LIST_DIR}/../../../include/rekindle
  ${CMAKE_CURRENT_LIST_DIR}/../include/rekindle)
find_library(REKINDLE_LIBRARY rekindle PATHS ${_torch_library_folders} NO_DEFAULT_PATH)
find_path(REKINDLE_INCLUDE_DIR rk.h PATHS ${_torch_include_folders} NO_DEFAULT_PATH)
find_path(Torch_LUA_INCLUDE_DIR lua.h PATHS ${LUA_INCDIR} PATH_SUFFIXES luajit-2.1 luajit-2.0 lua5.1)
mark_as_advanced(REKINDLE_LIBRARY REKINDLE_INCLUDE_DIR Torch_LUA_INCLUDE_DIR)
set(Torch_FOUND TRUE)

# `rekindle`: what a module in C that includes rk.h links. The engine has it loaded already.
if(REKINDLE_LIBRARY AND NOT TARGET rekindle)
  add_library(rekindle SHARED IMPORTED)
  set_target_properties(rekindle PROPERTIES IMPORTED_LOCATION "${REKINDLE_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${REKINDLE_INCLUDE_DIR};${Torch_LUA_INCLUDE_DIR}")
endif()

# -- where files go -----------------------------------------------------------------------------
set(Torch_INSTALL_PREFIX "${CMAKE_INSTALL_PREFIX}")
if(CMAKE_INSTALL_PREFIX MATCHES "/rocks(-5\\.1)?/[^/]+/[^/]+/?$")
  set(Torch_INSTALL_LUA_PATH_SUBDIR lua)
  set(Torch_INSTALL_LUA_CPATH_SUBDIR lib)
else()
  set(Torch_INSTALL_LUA_PATH_SUBDIR share/lua/5.1)
  set(Torch_INSTALL_LUA_CPATH_SUBDIR lib/lua/5.1)
endif()
set(Torch_INSTALL_BIN_SUBDIR bin)
set(Torch_INSTALL_LIB_SUBDIR lib)
set(Torch_INSTALL_INCLUDE_SUBDIR include)
set(Torch_INSTALL_SHARE_SUBDIR share)
set(Torch_INSTALL_MAN_SUBDIR share/man)
set(Torch_INSTALL_CMAKE_SUBDIR share/cmake/torch)
foreach(_torch_name LUA_PATH LUA_CPATH BIN LIB INCLUDE SHARE MAN CMAKE)
  set(Torch_INSTALL_${_torch_name} "${Torch_INSTALL_PREFIX}/${Torch_INSTALL_${_torch_name}_SUBDIR}")
endforeach()
file(RELATIVE_PATH Torch_INSTALL_BIN2LIB "${Torch_INSTALL_BIN}" "${Torch_INSTALL_LIB}")
file(RELATIVE_PATH Torch_INSTALL_BIN2CPATH "${Torch_INSTALL_BIN}" "${Torch_INSTALL_LUA_CPATH}")
file(RELATIVE_PATH Torch_INSTALL_CMAKE_RIDBUS "${Torch_INSTALL_CMAKE}" "${Torch_INSTALL_PREFIX}")
set(LUA_INCDIR "${Torch_LUA_INCLUDE_DIR}")
if(NOT LUA_LIBDIR)
  set(LUA_LIBDIR "${Torch_INSTALL_LIB}")
endif()
cmake_policy(POP)

# -- macros ----------------------------------------------------------------------------------------
set(_torch_internals "uses Torch7's C internals (TH, luaT, THNN), which Rekindle does not have. \
The package must be ported: include rk.h, link the target `rekindle`, see rocks/README.md.")

# What links Torch7's own libraries or includes their headers would fail late and obscurely: say so when the folder and
# those below it have been configured.
function(_torch_check_target target)
  get_target_property(linked ${target} LINK_LIBRARIES)
  foreach(internal TH luaT THNN THC THCUNN)
    list(FIND linked ${internal} place)
    if(NOT place EQUAL -1)
      message(FATAL_ERROR "${target} links ${internal}: it ${_torch_internals}")
    endif()
  endforeach()
  get_target_property(folder ${target} SOURCE_DIR)
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    get_filename_component(source "${source}" ABSOLUTE BASE_DIR "${folder}")
    if(NOT EXISTS "${source}" OR NOT source MATCHES "\\.(c|cc|cpp|cxx|cu|h|hpp)$")
      continue()
    endif()
    file(STRINGS "${source}" lines REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"]((TH|THNN|THC)/|(TH|luaT|THNN|THC)\\.h)")
    foreach(line ${lines})
      string(REGEX REPLACE ".*[<\"]([^>\"]*)[>\"].*" "\\1" header "${line}")
      if(NOT EXISTS "${folder}/${header}")
        message(FATAL_ERROR "${target} includes ${header} (${source}): it ${_torch_internals}")
      endif()
    endforeach()
  endforeach()
endfunction()
function(_torch_check_folder folder)
  get_property(targets DIRECTORY "${folder}" PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    if(NOT type STREQUAL "UTILITY" AND NOT type STREQUAL "INTERFACE_LIBRARY")
      _torch_check_target(${target})
    endif()
  endforeach()
  get_property(below DIRECTORY "${folder}" PROPERTY SUBDIRECTORIES)
  foreach(inner ${below})
    _torch_check_folder("${inner}")
  endforeach()
endfunction()
if(NOT CMAKE_VERSION VERSION_LESS 3.19)
  cmake_language(DEFER CALL _torch_check_folder "${CMAKE_CURRENT_SOURCE_DIR}")
endif()

macro(ADD_TORCH_LIBRARY target type source)
  add_library(${target} ${type} ${source})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${Torch_LUA_INCLUDE_DIR})
endmacro()

# A module in C is called lib<name>.so, as programs require it: require 'libname'. Lua's functions come from the process.
macro(ADD_TORCH_PACKAGE package source luasource)
  if(NOT "${source}" STREQUAL "")
    ADD_TORCH_LIBRARY(${package} MODULE "${source}")
    set_target_properties(${package} PROPERTIES PREFIX lib IMPORT_PREFIX lib INSTALL_NAME_DIR "@executable_path"
      BUILD_WITH_INSTALL_RPATH FALSE INSTALL_RPATH_USE_LINK_PATH TRUE)
    install(TARGETS ${package} LIBRARY DESTINATION ${Torch_INSTALL_LUA_CPATH_SUBDIR})
  endif()
  if(NOT "${luasource}" STREQUAL "")
    install(FILES ${luasource} DESTINATION ${Torch_INSTALL_LUA_PATH_SUBDIR}/${package})
  endif()
endmacro()

macro(ADD_TORCH_WRAP target source)
  message(FATAL_ERROR "${target} (${source}) ${_torch_internals}")
endmacro()

# Documentation is not built.
macro(ADD_TORCH_DOK)
endmacro()
